//! Runs a pickle's instructions over a stack, without calling anything.

use std::collections::HashMap;

use super::globals::{Meaning, is_class, meaning};
use super::opcode::{Opcode, Opcodes};
use super::value::{Global, Id, Storage, Tensor, Value, Values};

/// Most values; the largest models have some hundred thousand.
const MOST_VALUES: usize = 1 << 22;
/// Most axes of a tensor: its shape is copied each time that it is named.
const MOST_AXES: usize = 64;

/// All values of a pickle.
pub(super) fn read(bytes: &[u8]) -> Result<Values<'_>, String> {
    let mut machine = Machine::default();
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

#[derive(Debug, Default)]
struct Machine<'a> {
    values: Values<'a>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: Opcode<'a>) -> Result<(), String> {
        match opcode {
            Opcode::Stop | Opcode::Nothing => {}
            Opcode::Mark => self.marks.push(self.stack.len()),
            Opcode::Pop => {
                self.pop()?;
            }
            Opcode::PopMark => {
                self.above_mark()?;
            }
            Opcode::Plain => self.push(Value::Plain)?,
            Opcode::Int(number) => self.push(Value::Int(number))?,
            Opcode::Text(text) => self.push(Value::Text(text))?,
            Opcode::EmptyTuple => self.push(Value::Tuple(Vec::new()))?,
            Opcode::EmptyList | Opcode::EmptySet => self.push(Value::List(Vec::new()))?,
            Opcode::EmptyDict => self.push(Value::Dict(Vec::new()))?,
            Opcode::Tuple(count) => {
                let items = self.last(count)?;
                self.push(Value::Tuple(items))?;
            }
            Opcode::TupleOfMark | Opcode::FrozenSet => {
                let items = self.above_mark()?;
                self.push(Value::Tuple(items))?;
            }
            Opcode::Append => {
                let item = self.last(1)?;
                self.extend(item)?;
            }
            Opcode::Appends | Opcode::AddItems => {
                let items = self.above_mark()?;
                self.extend(items)?;
            }
            Opcode::SetItem => {
                let items = self.last(2)?;
                self.set(&items)?;
            }
            Opcode::SetItems => {
                let items = self.above_mark()?;
                self.set(&items)?;
            }
            Opcode::Global(module, name) => self.global(Global { module, name })?,
            Opcode::StackGlobal => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.values.get(module), self.values.get(name)) {
                    (Value::Text(module), Value::Text(name)) => self.global(Global { module, name })?,
                    _ => return Err("has a name in its pickle that is no text".into()),
                }
            }
            Opcode::Instance(module, name) => {
                self.global(Global { module, name })?;
                return Err(format!(
                    "makes `{}` by a pickle instruction that torch does not write",
                    Global { module, name }
                ));
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
                self.push(Value::Storage(storage))?;
            }
            Opcode::Put(place) => self.remember(place)?,
            Opcode::Memoize => self.remember(self.memo.len() as u32)?,
            Opcode::Get(place) => {
                let id = self.memo.get(&place).ok_or("has a pickle that names a value before it is there")?;
                self.stack.push(*id);
            }
        }
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), String> {
        if self.values.all.len() >= MOST_VALUES {
            return Err(format!("has more than {MOST_VALUES} values in its pickle"));
        }
        self.stack.push(self.values.all.len() as Id);
        self.values.all.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, String> {
        Ok(self.last(1)?[0])
    }

    fn last(&mut self, count: usize) -> Result<Vec<Id>, String> {
        let floor = self.marks.last().copied().unwrap_or_default();
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= floor);
        Ok(self.stack.split_off(start.ok_or("has a pickle that takes a value where there is none")?))
    }

    fn above_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or("has a pickle that takes values where there are none")?))
    }

    /// The newest value, which stays.
    fn top(&self) -> Result<Id, String> {
        self.stack.last().copied().ok_or_else(|| "has a pickle that takes a value where there is none".into())
    }

    fn remember(&mut self, place: u32) -> Result<(), String> {
        self.memo.insert(place, self.top()?);
        Ok(())
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<(), String> {
        let top = self.top()? as usize;
        match &mut self.values.all[top] {
            Value::List(list) => list.extend(items),
            Value::Opaque(_) => {}
            other => return Err(format!("has a pickle that appends to {}", other.kind())),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), String> {
        let top = self.top()? as usize;
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err("has a pickle with a key that has no value".into());
        };
        match &mut self.values.all[top] {
            Value::Dict(entries) => entries.extend(pairs.iter().map(|[key, value]| (*key, *value))),
            Value::Opaque(_) => {}
            other => return Err(format!("has a pickle that sets items of {}", other.kind())),
        }
        Ok(())
    }

    fn global(&mut self, global: Global<'a>) -> Result<(), String> {
        if meaning(global.module, global.name) == Meaning::Refused {
            return Err(format!(
                "is refused: it names `{global}`, which no checkpoint needs (was it made to do harm?)"
            ));
        }
        self.push(Value::Global(global))
    }

    /// What a call would give; `new` makes an object of a class.
    fn call(&mut self, function: Id, arguments: Id, new: bool) -> Result<(), String> {
        let Value::Global(global) = *self.values.get(function) else {
            // An object that is called, or a class that is not known.
            return Err(format!("is refused: it calls {}", self.values.get(function).kind()));
        };
        let Value::Tuple(given) = self.values.get(arguments) else {
            return Err(format!("has a pickle that calls `{global}` with {}", self.values.get(arguments).kind()));
        };
        let wrong = || format!("has a pickle that calls `{global}` with arguments that are not torch's");
        match meaning(global.module, global.name) {
            Meaning::Dict if given.is_empty() => self.push(Value::Dict(Vec::new())),
            Meaning::Dict => Err(wrong()),
            Meaning::Tensor => {
                let tensor = self.tensor(given).ok_or_else(wrong)?;
                self.push(Value::Tensor(tensor))
            }
            Meaning::First => {
                let first = given.first().copied().ok_or_else(wrong)?;
                self.stack.push(first);
                Ok(())
            }
            Meaning::Within if self.class_within(given) => self.push(Value::Opaque(global)),
            Meaning::Runs | Meaning::Within if !new => {
                Err(format!("is refused: it calls `{global}`, which no checkpoint needs (was it made to do harm?)"))
            }
            Meaning::Refused => self.global(global),
            Meaning::Storage(_) | Meaning::Other | Meaning::Runs | Meaning::Within => {
                self.values.opaque.insert(global);
                self.push(Value::Opaque(global))
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
    fn tensor(&self, given: &[Id]) -> Option<Tensor<'a>> {
        let [storage, offset, shape, strides, ..] = given else { return None };
        let whole = |id: &Id| match self.values.get(*id) {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        let all = |id: &Id| match self.values.get(*id) {
            Value::Tuple(items) if items.len() <= MOST_AXES => items.iter().map(whole).collect::<Option<Vec<u64>>>(),
            _ => None,
        };
        let Value::Storage(storage) = *self.values.get(*storage) else { return None };
        let (shape, strides) = (all(shape)?, all(strides)?);
        (shape.len() == strides.len()).then_some(Tensor { storage, offset: whole(offset)?, shape, strides })
    }

    /// `("storage", kind, key, device, numbers)`.
    fn storage(&self, id: Id) -> Result<Storage<'a>, String> {
        let wrong = || "has a pickle with a persistent id that is no storage".to_string();
        let Value::Tuple(parts) = self.values.get(id) else { return Err(wrong()) };
        let parts: Vec<&Value<'a>> = parts.iter().map(|part| self.values.get(*part)).collect();
        let [Value::Text("storage"), Value::Global(kind), Value::Text(key), _, Value::Int(numbers)] = parts.as_slice()
        else {
            return Err(wrong());
        };
        let Meaning::Storage(dtype) = meaning(kind.module, kind.name) else {
            return Err(format!("has a storage of `{kind}`, which is not read"));
        };
        Ok(Storage { key, dtype, numbers: u64::try_from(*numbers).map_err(|_| wrong())? })
    }
}
