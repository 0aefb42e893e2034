//! Compiles [`Nest`]s to machine code with Cranelift, at run time, once for each structure.
//!
//! `order` decides how a nest is walked, `emit` writes the loops, `rows` the row operations, `expr`
//! what happens at a point, `math` the functions; `call` crosses into compiled code. Contractions,
//! memory and plans are not here.

mod call;
mod emit;
mod error;
mod expr;
mod helper;
mod math;
mod memory;
mod order;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cranelift_codegen::Context;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, Signature};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, default_libcall_names};
use crease_core::ir::Instr;
use crease_core::kernel::Nest;

use emit::Emitter;
use helper::Helper;
use order::Order;

pub use call::CompiledNest;
pub use error::JitError;

/// A compiler with all that it has compiled.
///
/// Machine code stays until the process ends: compiled nests may outlive their compiler.
pub struct Jit {
    state: Mutex<State>,
}

struct State {
    module: JITModule,
    context: Context,
    builder: FunctionBuilderContext,
    helpers: [FuncId; Helper::COUNT],
    fma: bool,
    compiled: HashMap<String, Arc<CompiledNest>>,
}

impl Jit {
    /// A compiler for the machine it runs on.
    ///
    /// # Errors
    /// A machine that Cranelift does not know.
    pub fn new() -> Result<Jit, JitError> {
        let host = |message: &dyn std::fmt::Display| JitError::Host(message.to_string());
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", "speed"),
            ("is_pic", "false"),
            ("use_colocated_libcalls", "false"),
            ("enable_probestack", "false"),
            ("unwind_info", "false"),
            ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        ] {
            flags.set(name, value).map_err(|e| host(&e))?;
        }
        let isa = cranelift_native::builder().map_err(|e| host(&e))?;
        let isa = isa.finish(settings::Flags::new(flags)).map_err(|e| host(&e))?;
        // Where multiply-add is always there, Cranelift has no flag for it.
        let flag = |name: &str| isa.isa_flags().iter().any(|f| f.name == name && f.as_bool() == Some(true));
        let fma = cfg!(not(target_arch = "x86_64")) || (flag("has_avx") && flag("has_fma"));

        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        for helper in Helper::ALL {
            builder.symbol(helper.symbol(), helper.address());
        }
        let mut module = JITModule::new(builder);
        let mut signature = module.make_signature();
        signature.params.push(AbiParam::new(cranelift_codegen::ir::types::F32));
        signature.returns.push(AbiParam::new(cranelift_codegen::ir::types::F32));
        let mut helpers = [FuncId::from_u32(0); Helper::COUNT];
        for (id, helper) in helpers.iter_mut().zip(Helper::ALL) {
            *id = module.declare_function(helper.symbol(), Linkage::Import, &signature).map_err(|e| host(&e))?;
        }
        let (context, builder) = (module.make_context(), FunctionBuilderContext::new());
        let state = State { module, context, builder, helpers, fma, compiled: HashMap::new() };
        Ok(Jit { state: Mutex::new(state) })
    }

    /// Leaves multiply-add in one rounding out, as on a host without.
    #[cfg(test)]
    fn fuse_only_if(&mut self, wanted: bool) {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).fma &= wanted;
    }

    #[cfg(test)]
    fn fuses(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).fma
    }

    /// Machine code for a nest; compiled the first time only.
    ///
    /// # Errors
    /// A nest that contradicts itself, or one that Cranelift refuses.
    pub fn compile(&self, nest: &Nest) -> Result<Arc<CompiledNest>, JitError> {
        let key = format!("{nest:?}");
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = state.compiled.get(&key) {
            return Ok(Arc::clone(compiled));
        }
        let compiled = Arc::new(state.compile(nest)?);
        state.compiled.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }
}

impl State {
    fn compile(&mut self, nest: &Nest) -> Result<CompiledNest, JitError> {
        let order = Order::of(nest)?;
        let result = self.generate(nest, &order);
        // Also after a failure: the next nest starts clean.
        self.module.clear_context(&mut self.context);
        if result.is_err() {
            self.builder = FunctionBuilderContext::new();
        }
        let id = result.map_err(|e| JitError::Generation(format!("{e:?}")))?;
        Ok(call::compiled(&self.module, id, &order, nest))
    }

    fn generate(&mut self, nest: &Nest, order: &Order) -> Result<FuncId, Box<cranelift_module::ModuleError>> {
        let signature = self.signature();
        let id = self.module.declare_anonymous_function(&signature).map_err(Box::new)?;
        let function = &mut self.context.func;
        function.signature = signature;
        let mut helpers = [None; Helper::COUNT];
        for instr in order.before.instrs.iter().chain(&order.after.instrs) {
            if let Instr::Unary(f, _) = instr
                && let Some(helper) = Helper::of(*f)
            {
                let import = &mut helpers[helper as usize];
                let id = self.helpers[helper as usize];
                *import = import.or_else(|| Some(self.module.declare_func_in_func(id, function)));
            }
        }
        let mut emitter = Emitter {
            b: FunctionBuilder::new(function, &mut self.builder),
            nest,
            order,
            fma: self.fma,
            helpers,
            extents: Vec::new(),
            starts: Vec::new(),
            stage: None,
        };
        emitter.nest();
        emitter.b.finalize(self.module.target_config());
        self.module.define_function(id, &mut self.context).map_err(Box::new)?;
        self.module.finalize_definitions().map_err(Box::new)?;
        Ok(id)
    }

    fn signature(&self) -> Signature {
        let mut signature = self.module.make_signature();
        signature.params.extend([AbiParam::new(I64); 8]);
        signature
    }
}

impl std::fmt::Debug for Jit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Jit({} nests)", state.compiled.len())
    }
}
