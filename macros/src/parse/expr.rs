//! Expressions.

use crease_core::lang::Code;
use crease_core::lang::ast::{BinaryOp, Expression, ExpressionKind, Ident, UnaryOp};
use proc_macro2::Span as Place;
use syn::punctuated::Punctuated;
use syn::{BinOp, Expr, ExprBinary, ExprPath, ExprUnary, Lit, Member, Token, UnOp};

use super::budget::plain_name;
use super::item::text;
use super::{Reader, start};

impl Reader {
    pub(super) fn expression(&mut self, expr: &Expr) -> Expression {
        match expr {
            Expr::Group(group) => self.expression(&group.expr),
            Expr::Paren(paren) => self.expression(&paren.expr),
            Expr::Lit(literal) => self.literal_expression(&literal.lit),
            Expr::Path(path) => self.name(path),
            Expr::Unary(unary) => self.unary(unary),
            Expr::Binary(binary) => self.binary(binary),
            Expr::If(choice) => self.if_expression(choice),
            Expr::Macro(call) => self.macro_call(&call.mac),
            Expr::Field(field) => {
                let base = Box::new(self.expression(&field.base));
                match &field.member {
                    Member::Named(name) => {
                        let name = self.ident(name);
                        let span = name.span;
                        let kind = ExpressionKind::Field(base, name);
                        Expression { kind, span }
                    }
                    Member::Unnamed(position) => {
                        let kind = ExpressionKind::Integer(u64::from(position.index));
                        let position = self.made(kind, position.span);
                        let span = position.span;
                        let kind = ExpressionKind::Item(base, Box::new(position));
                        Expression { kind, span }
                    }
                }
            }
            Expr::Index(index) => {
                let base = Box::new(self.expression(&index.expr));
                let item = Box::new(self.expression(&index.index));
                let place = index.bracket_token.span.join();
                self.made(ExpressionKind::Item(base, item), place)
            }
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) if path.qself.is_none() => {
                    let function = self.plain_path(&path.path);
                    self.call(function, Vec::new(), &call.args)
                }
                callee => {
                    self.wrong(
                        Code::CallsCallee,
                        start(callee),
                        format!("`{}` is not the name of a function", text(callee)),
                        "call a function by its name; a layer is applied with `linear(x, w.layer)`",
                    );
                    self.placeholder(start(callee))
                }
            },
            Expr::MethodCall(call) => {
                let receiver = self.expression(&call.receiver);
                if let Some(turbofish) = &call.turbofish {
                    self.no_turbofish(turbofish.lt_token.spans[0]);
                }
                let function = self.ident(&call.method);
                self.call(function, vec![receiver], &call.args)
            }
            Expr::Tuple(tuple) => {
                let parts = self.expressions(&tuple.elems);
                let place = tuple.paren_token.span.join();
                self.made(ExpressionKind::Tuple(parts), place)
            }
            Expr::Array(list) => {
                let parts = self.expressions(&list.elems);
                let place = list.bracket_token.span.join();
                self.made(ExpressionKind::List(parts), place)
            }
            Expr::Block(block) if block.label.is_none() => {
                let read = self.block(&block.block);
                let place = block.block.brace_token.span.join();
                self.made(ExpressionKind::Block(read), place)
            }
            other => self.refuse(other),
        }
    }

    fn expressions(&mut self, list: &Punctuated<Expr, Token![,]>) -> Vec<Expression> {
        list.iter().map(|part| self.expression(part)).collect()
    }

    fn made(&mut self, kind: ExpressionKind, place: Place) -> Expression {
        Expression { kind, span: self.span(place) }
    }

    /// A placeholder for an expression that could not be read.
    pub(super) fn placeholder(&mut self, place: Place) -> Expression {
        self.made(ExpressionKind::Tuple(Vec::new()), place)
    }

    fn literal_expression(&mut self, literal: &Lit) -> Expression {
        let place = literal.span();
        let kind = match literal {
            Lit::Bool(flag) => Some(ExpressionKind::Flag(flag.value)),
            Lit::Str(text) if text.suffix().is_empty() => Some(ExpressionKind::Text(text.value())),
            Lit::Int(int) => match int.suffix() {
                "" | "usize" => int.base10_parse().ok().map(ExpressionKind::Integer),
                "f32" => int.base10_parse().ok().map(ExpressionKind::Number),
                _ => None,
            },
            Lit::Float(float) if matches!(float.suffix(), "" | "f32") => {
                float.base10_parse().ok().map(ExpressionKind::Number)
            }
            _ => None,
        };
        match kind {
            Some(kind) => self.made(kind, place),
            None => {
                self.wrong(
                    Code::SyntaxLiteral,
                    place,
                    format!("`{}` is not a valid literal", text(literal)),
                    "values are numbers (`2`, `1.5`, `1e-5`), `true` and `false`; a number's type follows from its use",
                );
                self.placeholder(place)
            }
        }
    }

    fn name(&mut self, path: &ExprPath) -> Expression {
        if let Some(qself) = &path.qself {
            let place = qself.lt_token.spans[0];
            self.no_turbofish(place);
            return self.placeholder(place);
        }
        if path.path.is_ident("None") {
            return self.made(ExpressionKind::Nothing, start(&path.path));
        }
        if path.path.is_ident("self") {
            let place = start(&path.path);
            let help = "parameters are an argument: `w: Outgoing`, `w.linear_z`";
            self.wrong(Code::SyntaxPath, place, "a model has no `self`", help);
            return self.placeholder(place);
        }
        let name = self.plain_path(&path.path);
        let span = name.span;
        Expression { kind: ExpressionKind::Name(name), span }
    }

    /// A path without `::<…>`.
    fn plain_path(&mut self, path: &syn::Path) -> Ident {
        let mut bare = path.clone();
        for segment in &mut bare.segments {
            if !segment.arguments.is_none() {
                self.no_turbofish(start(&segment.arguments));
                segment.arguments = syn::PathArguments::None;
            }
        }
        self.path(&bare)
    }

    fn no_turbofish(&mut self, place: Place) {
        self.wrong(
            Code::SyntaxPath,
            place,
            "sizes cannot be given in a call",
            "leave out the `<…>`: they follow from the arguments",
        );
    }

    fn call(
        &mut self,
        function: Ident,
        mut arguments: Vec<Expression>,
        list: &Punctuated<Expr, Token![,]>,
    ) -> Expression {
        let mut named: Vec<(Ident, Expression)> = Vec::new();
        for argument in list {
            if let Expr::Assign(assign) = argument {
                named.extend(self.named_argument(&assign.left, &assign.right));
                continue;
            }
            if let Some((last, _)) = named.last() {
                let message = format!("argument without a name after `{} = …`", last.text);
                let help = "write the arguments without names first";
                self.wrong(Code::CallsOrder, start(argument), message, help);
            }
            arguments.push(self.expression(argument));
        }
        Expression { span: function.span, kind: ExpressionKind::Call { function, arguments, named } }
    }

    fn named_argument(&mut self, left: &Expr, right: &Expr) -> Option<(Ident, Expression)> {
        let value = self.expression(right);
        let Some(name) = plain_name(left) else {
            self.wrong(
                Code::CallsName,
                start(left),
                format!("`{}` is not the name of an argument", text(left)),
                "write `name = value`; to compare, write `==`",
            );
            return None;
        };
        let name = self.ident(&name);
        Some((name, value))
    }

    fn unary(&mut self, unary: &ExprUnary) -> Expression {
        let operand = self.expression(&unary.expr);
        let place = start(&unary.op);
        let op = match unary.op {
            UnOp::Neg(_) => UnaryOp::Neg,
            UnOp::Not(_) => UnaryOp::Not,
            _ => {
                self.wrong(
                    Code::SyntaxReference,
                    place,
                    "tensors are values: there is nothing to dereference",
                    format!("write `{}`", text(&unary.expr)),
                );
                return operand;
            }
        };
        self.made(ExpressionKind::Unary(op, Box::new(operand)), place)
    }

    fn binary(&mut self, binary: &ExprBinary) -> Expression {
        let left = Box::new(self.expression(&binary.left));
        let right = Box::new(self.expression(&binary.right));
        let place = start(&binary.op);
        match binary_op(&binary.op) {
            Some(op) => self.made(ExpressionKind::Binary(op, left, right), place),
            None => {
                self.no_operator(&binary.op);
                self.placeholder(place)
            }
        }
    }

    pub(super) fn no_operator(&mut self, op: &BinOp) {
        let symbol = text(op);
        let help = match symbol.as_str() {
            "&" | "|" => format!("write `{symbol}{symbol}` to join two flags"),
            "+=" | "-=" | "*=" | "/=" => "an assignment is a statement, not a value".to_owned(),
            _ => "operators are `+ - * /`, comparisons, `&&`, `||` and `!`".to_owned(),
        };
        let message = format!("a model has no `{symbol}` here");
        self.wrong(Code::SyntaxOperator, start(op), message, help);
    }
}

fn binary_op(op: &BinOp) -> Option<BinaryOp> {
    Some(match op {
        BinOp::Add(_) => BinaryOp::Add,
        BinOp::Sub(_) => BinaryOp::Sub,
        BinOp::Mul(_) => BinaryOp::Mul,
        BinOp::Div(_) => BinaryOp::Div,
        BinOp::Lt(_) => BinaryOp::Lt,
        BinOp::Le(_) => BinaryOp::Le,
        BinOp::Gt(_) => BinaryOp::Gt,
        BinOp::Ge(_) => BinaryOp::Ge,
        BinOp::Eq(_) => BinaryOp::Eq,
        BinOp::Ne(_) => BinaryOp::Ne,
        BinOp::And(_) => BinaryOp::And,
        BinOp::Or(_) => BinaryOp::Or,
        _ => return None,
    })
}
