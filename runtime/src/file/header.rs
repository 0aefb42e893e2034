//! The header of a safetensors file, read entry by entry: no more is held than what it says.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use safetensors::Dtype;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

/// Longest header that is read, as in other readers of the format.
const LONGEST: u64 = 100_000_000;
/// Most axes of a tensor; more would be an attempt to make the reader hold much for few bytes.
const MOST_AXES: usize = 64;

/// Where a tensor lies in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Bytes from the file's start.
    pub(super) start: u64,
    pub(super) bytes: u64,
}

/// All that a header says.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) tensors: BTreeMap<String, Info>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// Reads the header of a file of so many bytes, or says what is wrong with it.
pub(super) fn read(mut file: impl Read, length: u64) -> Result<Header, String> {
    let mut first = [0; 8];
    file.read_exact(&mut first).map_err(|_| format!("{length} bytes, expected at least 8"))?;
    let size = u64::from_le_bytes(first);
    if size > LONGEST || size > length.saturating_sub(8) {
        return Err(format!("its header would have {size} bytes, the file has {length}"));
    }
    let mut reader = Entries { header: Header::default(), start: 8 + size, end: length, problem: None };
    let text = std::io::BufReader::new(file.take(size));
    let mut json = serde_json::Deserializer::from_reader(text);
    let read = json.deserialize_map(&mut reader).and_then(|()| json.end());
    match (read, reader.problem) {
        (_, Some(problem)) => Err(problem),
        (Err(error), None) => Err(format!("its header is no JSON object of tensors: {error}")),
        (Ok(()), None) => Ok(reader.header),
    }
}

/// Takes the header's entries as they come.
struct Entries {
    header: Header,
    /// Where the tensors' bytes begin, and where the file ends.
    start: u64,
    end: u64,
    /// What is wrong with an entry.
    problem: Option<String>,
}

/// An entry as it is written.
#[derive(Deserialize)]
struct Entry {
    dtype: Dtype,
    shape: Shape,
    data_offsets: (u64, u64),
}

struct Shape(Vec<usize>);

impl Entries {
    fn tensor(&mut self, name: String, entry: Entry) -> Result<(), String> {
        let (Entry { dtype, shape: Shape(shape), data_offsets: (from, to) }, data) = (entry, self.end - self.start);
        if from > to || to > data {
            return Err(format!("tensor `{name}` ends at byte {to} of {data} (is it truncated?)"));
        }
        let elements = shape.iter().try_fold(1u64, |n, e| n.checked_mul(*e as u64));
        let bits = elements.and_then(|n| n.checked_mul(dtype.bitsize() as u64));
        if bits != Some((to - from).saturating_mul(8)) {
            return Err(format!("tensor `{name}` {shape:?} does not fill its {} bytes", to - from));
        }
        let info = Info { dtype, shape, start: self.start + from, bytes: to - from };
        match self.header.tensors.insert(name.clone(), info) {
            None => Ok(()),
            Some(_) => Err(format!("it has two tensors `{name}`")),
        }
    }
}

impl<'de> Visitor<'de> for &mut Entries {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an entry for each tensor")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let taken = if name == "__metadata__" {
                map.next_value().map(|texts| self.header.metadata = texts).map_err(|e| format!("its metadata: {e}"))
            } else {
                let entry = map.next_value().map_err(|e| format!("tensor `{name}`: {e}"));
                entry.and_then(|entry| self.tensor(name, entry))
            };
            taken.map_err(|problem| de::Error::custom(self.problem.insert(problem)))?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_seq(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST_AXES} extents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Shape, A::Error> {
        let mut shape = Vec::new();
        while let Some(extent) = sequence.next_element()? {
            if shape.len() == MOST_AXES {
                return Err(de::Error::custom(format!("more than {MOST_AXES} axes")));
            }
            shape.push(extent);
        }
        Ok(Shape(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str, data: u64) -> Result<Header, String> {
        let bytes = [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
        read(bytes.as_slice(), bytes.len() as u64 + data)
    }

    #[test]
    fn entries_are_read_with_their_places() {
        let text = r#"{"__metadata__":{"a":"b"},"w":{"dtype":"F16","shape":[2,3],"data_offsets":[4,16]}}"#;
        let read = header(text, 16).expect("a header");
        assert_eq!(read.metadata["a"], "b");
        let start = 8 + text.len() as u64 + 4;
        assert_eq!(read.tensors["w"], Info { dtype: Dtype::F16, shape: vec![2, 3], start, bytes: 12 });
    }

    #[test]
    fn what_is_wrong_names_the_tensor() {
        let check = |text: &str, words: &str| {
            let problem = header(text, 8).expect_err(text);
            assert!(problem.contains(words), "{text}: {problem}");
        };
        let entry = |shape: &str, to: u64| format!(r#""w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{to}]}}"#);
        check("[]", "no JSON object of tensors");
        check("{} {}", "no JSON object of tensors");
        check("{", "no JSON object of tensors");
        check(&format!("{{{}}}", entry("[2]", 12)), "tensor `w` ends at byte 12 of 8 (is it truncated?)");
        check(&format!("{{{}}}", entry("[3]", 8)), "tensor `w` [3] does not fill its 8 bytes");
        check(
            &format!("{{{}}}", entry("[4294967296,4294967296]", 8)),
            "tensor `w` [4294967296, 4294967296] does not fill",
        );
        check(&format!("{{{},{}}}", entry("[2]", 8), entry("[2]", 8)), "two tensors `w`");
        check(r#"{"w":{"dtype":"F33","shape":[],"data_offsets":[0,4]}}"#, "tensor `w`: unknown variant `F33`");
        check(r#"{"w":3}"#, "tensor `w`: ");
        check(r#"{"__metadata__":{"a":1}}"#, "its metadata: ");
        check(&format!("{{{}}}", entry(&format!("[{}1]", "1,".repeat(64)), 4)), "tensor `w`: more than 64 axes");
    }

    #[test]
    fn a_length_beyond_the_file_is_refused_before_it_is_read() {
        let check = |bytes: &[u8], words: &str| {
            let problem = read(bytes, bytes.len() as u64).expect_err("no header");
            assert!(problem.contains(words), "{problem}");
        };
        check(b"1234567", "7 bytes, expected at least 8");
        check(&u64::MAX.to_le_bytes(), "its header would have 18446744073709551615 bytes, the file has 8");
        check(&[9, 0, 0, 0, 0, 0, 0, 0, b'{', b'}'], "its header would have 9 bytes, the file has 10");
    }
}
