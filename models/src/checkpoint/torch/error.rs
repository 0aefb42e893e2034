//! Why a checkpoint of torch is refused. Names taken from the file are escaped and shortened where the error is made.

/// A problem of the file; the caller puts the file's name in front.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TorchError {
    // The archive.
    #[error("is a bare pickle, as torch wrote before version 1.6: load it in torch and save it again")]
    Legacy,
    #[error("is no checkpoint of torch: expected a zip archive")]
    NoZip,
    #[error("is no checkpoint of torch: the archive has no `data.pkl`")]
    NoPickle,
    #[error("is no checkpoint of torch: the archive has several `data.pkl`")]
    SeveralPickles,
    #[error("was written on a big-endian machine, which is not supported")]
    BigEndian,
    #[error("cannot be read: {0}")]
    Io(String),
    #[error("{0}")]
    Zip(String),
    #[error("the archive has no entry `{0}`")]
    NoEntry(String),
    #[error("entry `{0}` is compressed, expected it uncompressed, as torch writes it")]
    Compressed(String),
    #[error("entry `{entry}` cannot be read: {problem}")]
    Entry { entry: String, problem: String },
    #[error("entry `{entry}` of {bytes} bytes is not whole (is the file truncated?)")]
    NotWhole { entry: String, bytes: u64 },
    #[error("entry `{entry}` has {bytes} bytes, expected at most {most}")]
    LongEntry { entry: String, bytes: u64, most: u64 },
    #[error("entry `{0}` is damaged: its checksum differs")]
    Damaged(String),

    // The bytes of the pickle.
    #[error("has a pickle of {0} bytes that ends too early")]
    EndsEarly(usize),
    #[error("has pickle protocol {0}, expected at most 5")]
    Protocol(u8),
    #[error("has the pickle instruction 0x{code:02x} at byte {at}, which torch does not write")]
    Instruction { code: u8, at: usize },
    #[error("has a pickle instruction that creates `{0}` in a way that torch does not write")]
    Instance(String),
    #[error("has a text in its pickle that is not UTF-8: `{0}`")]
    TextNotUtf8(String),
    #[error("has a name in its pickle that is not UTF-8")]
    NameNotUtf8,
    #[error("has a name of {found} characters in its pickle, expected at most {most}")]
    LongName { found: usize, most: usize },

    // What the pickle's instructions do.
    #[error("has a broken pickle: an instruction takes a value, but the stack is empty")]
    EmptyStack,
    #[error("has a broken pickle: an instruction takes values down to a mark, but there is none")]
    NoMark,
    #[error("has a broken pickle: it refers to the stored value {0} before there is one")]
    NotStored(u32),
    #[error("has a broken pickle: it appends to {0}, expected a list")]
    Appends(String),
    #[error("has a broken pickle: it sets items of {0}, expected a dictionary")]
    SetsItems(String),
    #[error("has a broken pickle: a dictionary has a key without a value")]
    OddItems,
    #[error("has a broken pickle: it names a class or function by something that is not a text")]
    NameNoText,
    #[error("has more than {0} values in its pickle")]
    ManyValues(usize),
    #[error("is refused: it names `{0}`, which no checkpoint needs (was it made to do harm?)")]
    Names(String),
    #[error("is refused: it calls `{0}`, which no checkpoint needs (was it made to do harm?)")]
    Calls(String),
    #[error("is refused: it calls {0}, which is not a function")]
    CallsValue(String),
    #[error("calls `{function}` with {arguments}, expected a tuple of arguments")]
    Arguments { function: String, arguments: String },
    #[error("calls `{0}` with other arguments than torch does")]
    WrongArguments(String),
    #[error("has a persistent id that is not a storage of torch")]
    PersistentId,
    #[error("has a storage of type `{0}`, which is not supported")]
    StorageType(String),

    // Which tensors there are.
    #[error("has no entry `{name}`; there are {known}")]
    NoKey { name: String, known: String },
    #[error("holds tensors in several places, choose one by --key: {0}")]
    SeveralPlaces(String),
    #[error("holds no tensors by name")]
    NoTensors,
    #[error("holds no tensors by name: it is {0}, expected a dictionary (a model's `state_dict()`)")]
    NoDictionary(String),
    #[error("has too many dictionaries inside each other: more than {0} levels")]
    Deep(usize),
    #[error(
        "has too many dictionaries inside each other: the {entries} entries in its pickle would give more than {most}"
    )]
    ManyEntries { entries: usize, most: usize },
    #[error("has too many dictionaries inside each other: the names of its tensors would take more than {0} bytes")]
    LongNames(usize),
    #[error("has a key that is {0}, expected a text")]
    Key(String),
    #[error("holds `{name}`, which is {kind}, expected a tensor")]
    NoTensor { name: String, kind: String },
    #[error("holds a tensor `__metadata__`, a name that safetensors files reserve")]
    Reserved,
    #[error("holds two different tensors `{0}`")]
    Twice(String),

    // Whether their numbers are there.
    #[error("tensor `{name}`: {problem}")]
    Tensor { name: String, problem: Box<TorchError> },
    #[error("expected {numbers} numbers of {size} bytes in storage `{key}`, found {found} bytes")]
    StorageBytes { numbers: u64, size: u64, key: String, found: u64 },
    #[error("{shape:?} is larger than its storage of {numbers} numbers")]
    LargerThanStorage { shape: Vec<u64>, numbers: u64 },
    #[error("reaches beyond its storage of {0} numbers")]
    BeyondStorage(u64),
    #[error("would give more than {times} times its {bytes} bytes")]
    Sharing { times: u64, bytes: u64 },
}
