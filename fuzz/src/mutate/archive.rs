//! Changes of files that say how long their parts are: zip archives and safetensors.

use fastrand::Rng;

use super::{bytes, json, rearrange, span};

/// How records of a zip archive begin, and bytes of their fixed part.
const RECORDS: [(&[u8; 4], usize); 5] =
    [(b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22), (b"PK\x06\x06", 56), (b"PK\x06\x07", 20)];

/// Changes a number in a record of an archive, or which records there are.
pub fn zip(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8]) {
    let places = records(data);
    if places.is_empty() || rng.u8(0..8) == 0 {
        return bytes::change(rng, data, other);
    }
    let (start, fixed) = places[rng.usize(0..places.len())];
    let end = (start + fixed).min(data.len());
    match rng.u8(0..6) {
        0 => {
            let mut parts = cut(data, &places);
            rearrange(rng, &mut parts, &cut(other, &records(other)));
            *data = parts.concat();
        }
        1 => {
            // The record of a large archive, which small ones lack, before the last.
            let mut end64 = b"PK\x06\x06\x2c\0\0\0\0\0\0\0".to_vec();
            end64.extend((0..44).map(|_| if rng.bool() { 0 } else { rng.u8(..) }));
            drop(data.splice(start..start, end64));
        }
        _ if start + 4 < end => {
            let at = rng.usize(start + 4..end);
            bytes::whole_number(rng, &mut data[at..end]);
        }
        _ => {}
    }
}

/// Where records begin, and bytes of their fixed part.
fn records(data: &[u8]) -> Vec<(usize, usize)> {
    let known = |four: &[u8]| RECORDS.iter().find(|(mark, _)| *mark == four).map(|(_, size)| *size);
    data.windows(4).enumerate().filter_map(|(at, four)| Some((at, known(four)?))).collect()
}

/// The records with what follows each.
fn cut(data: &[u8], places: &[(usize, usize)]) -> Vec<Vec<u8>> {
    let starts = places.iter().map(|(start, _)| *start);
    let ends = starts.clone().skip(1).chain([data.len()]);
    starts.zip(ends).map(|(start, end)| data[start..end].to_vec()).collect()
}

/// Changes the header of a safetensors file, its length kept right in most cases, or its numbers.
pub fn safetensors(rng: &mut Rng, data: &mut Vec<u8>, other: &[u8]) {
    let Some((header, numbers)) = halves(data) else {
        return bytes::change(rng, data, other);
    };
    let (mut header, mut numbers) = (header.to_vec(), numbers.to_vec());
    match rng.u8(0..8) {
        0 => {
            let mut length = (header.len() as u64).to_le_bytes();
            bytes::whole_number(rng, &mut length);
            *data = [&length, header.as_slice(), &numbers].concat();
            return;
        }
        1 => bytes::change(rng, &mut numbers, other),
        2 => bytes::change(rng, &mut header, other),
        3 => {
            let at = span(rng, numbers.len());
            numbers[at].fill(0xff);
        }
        _ => json::change(rng, &mut header, halves(other).unwrap_or_default().0),
    }
    *data = [&(header.len() as u64).to_le_bytes(), header.as_slice(), &numbers].concat();
}

/// Header and numbers of a file whose header is as long as it says.
fn halves(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}
