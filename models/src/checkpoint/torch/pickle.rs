//! Runs a pickle's instructions over a stack, without calling anything.
//!
//! Each instruction takes time in proportion to the values that it removes from the stack, and every collection here has
//! a limit, so a pickle costs no more than a small multiple of its bytes.

use std::collections::HashMap;

use super::error::TorchError;
use super::globals::{Meaning, is_class, meaning};
use super::opcode::{Opcode, Opcodes};
use super::value::{Global, Id, Storage, Tensor, Value, Values};

/// Most values, and most places on the stack; the largest models have some hundred thousand.
const MOST_VALUES: usize = 1 << 22;
/// Most axes of a tensor: torch allows as many.
const MOST_AXES: usize = 64;
/// Longest name of a module, of something in it, or of a storage. Names are looked at each time that they are used.
const LONGEST_NAME: usize = 1024;

/// All values of a pickle.
pub(super) fn read(bytes: &[u8]) -> Result<Values<'_>, TorchError> {
    let mut machine = Machine::default();
    // Values without contents of their own are there once.
    machine.values.all = vec![Value::Plain, Value::Tuple(Box::default())];
    let mut opcodes = Opcodes::new(bytes);
    loop {
        match opcodes.next()? {
            Opcode::Stop => break,
            opcode => machine.step(opcode)?,
        }
    }
    machine.values.root = machine.pop()?;
    Ok(machine.values)
}

/// Where [`Value::Plain`] and the empty tuple are.
const PLAIN: Id = 0;
const EMPTY_TUPLE: Id = 1;

#[derive(Debug, Default)]
struct Machine<'a> {
    values: Values<'a>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: Opcode<'a>) -> Result<(), TorchError> {
        match opcode {
            Opcode::Stop | Opcode::Nothing => {}
            Opcode::Mark => {
                few(self.marks.len())?;
                self.marks.push(self.stack.len());
            }
            Opcode::Pop => {
                self.pop()?;
            }
            Opcode::PopMark => {
                self.above_mark()?;
            }
            Opcode::Plain => self.again(PLAIN)?,
            Opcode::EmptyTuple => self.again(EMPTY_TUPLE)?,
            Opcode::Int(number) => self.push(Value::Int(number))?,
            Opcode::Text(text) => self.push(Value::Text(text))?,
            Opcode::EmptyList | Opcode::EmptySet => self.push(Value::List(Vec::new()))?,
            Opcode::EmptyDict => self.push(Value::Dict(Vec::new()))?,
            Opcode::Tuple(count) => {
                let items = self.last(count)?;
                self.push(Value::Tuple(items.into()))?;
            }
            Opcode::TupleOfMark | Opcode::FrozenSet => {
                let items = self.above_mark()?;
                self.push(Value::Tuple(items.into()))?;
            }
            Opcode::Append => {
                let item = self.pop()?;
                self.extend(&[item])?;
            }
            Opcode::Appends | Opcode::AddItems => {
                let items = self.above_mark()?;
                self.extend(&items)?;
            }
            Opcode::SetItem => {
                let items = self.last(2)?;
                self.set(&items)?;
            }
            Opcode::SetItems => {
                let items = self.above_mark()?;
                self.set(&items)?;
            }
            Opcode::Global(module, name) => self.global(module, name)?,
            Opcode::StackGlobal => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.values.get(module), self.values.get(name)) {
                    (Value::Text(module), Value::Text(name)) => self.global(module, name)?,
                    _ => return Err(TorchError::NameNoText),
                }
            }
            Opcode::Instance(module, name) => {
                self.global(module, name)?;
                let made = Global { module, name, meaning: Meaning::Other };
                return Err(TorchError::Instance(made.to_string()));
            }
            Opcode::Call => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments, false)?;
            }
            Opcode::New => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.call(class, arguments, true)?;
            }
            Opcode::NewWithNames => {
                let (_, arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(class, arguments, true)?;
            }
            // What an object keeps beside its contents: of a dictionary, versions of modules.
            Opcode::Build => {
                self.pop()?;
            }
            Opcode::PersistentId => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(Value::Storage(Box::new(storage)))?;
            }
            Opcode::Put(place) => self.remember(place)?,
            Opcode::Memoize => self.remember(self.memo.len() as u32)?,
            Opcode::Get(place) => {
                let id = *self.memo.get(&place).ok_or(TorchError::NotStored(place))?;
                self.again(id)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), TorchError> {
        few(self.values.all.len())?;
        self.values.all.push(value);
        self.again((self.values.all.len() - 1) as Id)
    }

    /// Puts a value on the stack that exists already.
    fn again(&mut self, id: Id) -> Result<(), TorchError> {
        few(self.stack.len())?;
        self.stack.push(id);
        Ok(())
    }

    /// The height of the stack below which only a mark's instruction may take.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or_default()
    }

    fn pop(&mut self) -> Result<Id, TorchError> {
        let there = self.stack.len() > self.floor();
        there.then(|| self.stack.pop()).flatten().ok_or(TorchError::EmptyStack)
    }

    fn last(&mut self, count: usize) -> Result<Vec<Id>, TorchError> {
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= self.floor());
        Ok(self.stack.split_off(start.ok_or(TorchError::EmptyStack)?))
    }

    fn above_mark(&mut self) -> Result<Vec<Id>, TorchError> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or(TorchError::NoMark)?))
    }

    /// The newest value, which stays.
    fn top(&self) -> Result<Id, TorchError> {
        self.stack.last().copied().ok_or(TorchError::EmptyStack)
    }

    fn remember(&mut self, place: u32) -> Result<(), TorchError> {
        few(self.memo.len())?;
        self.memo.insert(place, self.top()?);
        Ok(())
    }

    fn extend(&mut self, items: &[Id]) -> Result<(), TorchError> {
        let top = self.top()?;
        match &mut self.values.all[top as usize] {
            Value::List(list) => list.extend(items),
            Value::Opaque(_) => {}
            _ => return Err(TorchError::Appends(self.values.kind(top))),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), TorchError> {
        let top = self.top()?;
        let (pairs, []) = items.as_chunks::<2>() else { return Err(TorchError::OddItems) };
        match &mut self.values.all[top as usize] {
            Value::Dict(entries) => entries.extend(pairs.iter().map(|[key, value]| (*key, *value))),
            Value::Opaque(_) => {}
            _ => return Err(TorchError::SetsItems(self.values.kind(top))),
        }
        Ok(())
    }

    fn global(&mut self, module: &'a str, name: &'a str) -> Result<(), TorchError> {
        [module, name].into_iter().try_for_each(short)?;
        let global = Global { module, name, meaning: meaning(module, name) };
        match global.meaning {
            Meaning::Refused => Err(TorchError::Names(global.to_string())),
            _ => self.push(Value::Global(Box::new(global))),
        }
    }

    /// What a call would give; `new` makes an object of a class.
    fn call(&mut self, function: Id, arguments: Id, new: bool) -> Result<(), TorchError> {
        let Value::Global(global) = self.values.get(function) else {
            // An object that is called, or a class that is not known.
            return Err(TorchError::CallsValue(self.values.kind(function)));
        };
        let Value::Tuple(given) = self.values.get(arguments) else {
            let arguments = self.values.kind(arguments);
            return Err(TorchError::Arguments { function: global.to_string(), arguments });
        };
        let wrong = || TorchError::WrongArguments(global.to_string());
        match global.meaning {
            Meaning::Dict if given.is_empty() => self.push(Value::Dict(Vec::new())),
            Meaning::Dict => Err(wrong()),
            Meaning::Tensor => {
                let tensor = self.tensor(given).ok_or_else(wrong)?;
                self.push(Value::Tensor(tensor))
            }
            Meaning::First => {
                let first = given.first().copied().ok_or_else(wrong)?;
                self.again(first)
            }
            Meaning::Within if self.class_within(given) => self.push(Value::Opaque(function)),
            Meaning::Runs | Meaning::Within if !new => Err(TorchError::Calls(global.to_string())),
            Meaning::Refused => Err(TorchError::Names(global.to_string())),
            Meaning::Storage(_) | Meaning::Other | Meaning::Runs | Meaning::Within => {
                self.values.opaque.insert(function);
                self.push(Value::Opaque(function))
            }
        }
    }

    /// A class, and the name of one inside it.
    fn class_within(&self, given: &[Id]) -> bool {
        let [class, name] = given else { return false };
        match (self.values.get(*class), self.values.get(*name)) {
            (Value::Global(class), Value::Text(name)) => class.name.split('.').all(is_class) && is_class(name),
            _ => false,
        }
    }

    /// Storage, offset, size, strides; whether it has a gradient and what hooks are not read.
    fn tensor(&self, given: &[Id]) -> Option<Tensor> {
        let [storage, offset, shape, strides, ..] = *given else { return None };
        let axes = |id: Id| match self.values.get(id) {
            Value::Tuple(items) if items.len() <= MOST_AXES => self.values.numbers(id).map(|_| items.len()),
            _ => None,
        };
        let is_storage = matches!(self.values.get(storage), Value::Storage(_));
        let offset = self.values.number(offset)?;
        (is_storage && axes(shape)? == axes(strides)?).then_some(Tensor { storage, offset, shape, strides })
    }

    /// `("storage", kind, key, device, numbers)`.
    fn storage(&self, id: Id) -> Result<Storage<'a>, TorchError> {
        let wrong = TorchError::PersistentId;
        let Value::Tuple(parts) = self.values.get(id) else { return Err(wrong) };
        let [word, kind, key, _, numbers] = **parts else { return Err(wrong) };
        let (Value::Text("storage"), Value::Global(kind), Value::Text(key)) =
            (self.values.get(word), self.values.get(kind), self.values.get(key))
        else {
            return Err(wrong);
        };
        let numbers = self.values.number(numbers).ok_or(wrong)?;
        short(key)?;
        match kind.meaning {
            Meaning::Storage(dtype) => Ok(Storage { key, dtype, numbers }),
            _ => Err(TorchError::StorageType(kind.to_string())),
        }
    }
}

/// Refuses one more than may be.
fn few(there: usize) -> Result<(), TorchError> {
    if there < MOST_VALUES { Ok(()) } else { Err(TorchError::ManyValues(MOST_VALUES)) }
}

fn short(name: &str) -> Result<(), TorchError> {
    match name.len() {
        found if found > LONGEST_NAME => Err(TorchError::LongName { found, most: LONGEST_NAME }),
        _ => Ok(()),
    }
}
