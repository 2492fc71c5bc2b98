//! The declarations of what crosses to JavaScript: `types/worker/brow.d.ts`, which the type checker reads for the module's glue. The types are
//! made from what Rust serialises, by ts-rs; the functions from `src/web/` as it is written. All of it is a test: no build holds any of it.

use std::collections::BTreeMap;
use std::{env, fs};

use syn::{Attribute, FnArg, GenericArgument, ImplItem, Item, Pat, PathArguments, ReturnType, Signature, Type, Visibility};
use ts_rs::{Config, TS, TypeVisitor};

use crate::engine::{Enrolment, EnrolmentStep, Observation, Outdated, Policy, Timings};
use crate::error::EngineError;
use crate::kiosk::{Answer, Given, Said};
use crate::lists::encoding::File;
use crate::lists::guests::{Choices, Reading};
use crate::lists::photos::Found;
use crate::manifest::Listed;
use crate::person::template::TemplateInfo;
use crate::vault::Fault;
use crate::vault::guests::Filter;
use crate::vault::log::{Event, Problem};

const HEAD: &str = "// What the engine's module takes and gives: made from src/ by src/declarations.rs, not to be changed by hand.\n\n";
const FOOT: &str = "export default function init(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;\n";

/// The types that cross by themselves; what they are made of is found.
macro_rules! crossing {
    ($($name:ident),* $(,)?) => {{
        let mut types = Types { config: Config::new().with_array_tuple_limit(4), names: BTreeMap::new(), declared: BTreeMap::new() };
        $(
            types.visit::<$name>();
            types.names.insert(stringify!($name), <$name as TS>::name(&types.config));
        )*
        types
    }};
}

fn types() -> Types {
    crossing!(
        Observation,
        Timings,
        EnrolmentStep,
        Enrolment,
        Outdated,
        TemplateInfo,
        Listed,
        File,
        Reading,
        Found,
        Choices,
        Policy,
        Said,
        Answer,
        Given,
        Fault,
        Event,
        Problem,
        Filter,
        EngineError
    )
}

struct Types {
    config: Config,
    /// In TypeScript, by the name in Rust.
    names: BTreeMap<&'static str, String>,
    declared: BTreeMap<String, String>,
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // What has no place of its own (a list, a choice) is written out where it is used.
        if T::output_path().is_some() {
            let words = format!("{}export {}\n", T::docs().unwrap_or_default(), T::decl(&self.config));
            if self.declared.insert(T::ident(&self.config), words).is_some() {
                return;
            }
        }
        T::visit_generics(self);
        T::visit_dependencies(self);
    }
}

impl Types {
    /// A type of Rust as TypeScript has it; `absent` is what stands for None.
    fn of(&self, rust: &Type, absent: &str) -> String {
        match rust {
            Type::Reference(reference) => self.of(&reference.elem, absent),
            Type::Slice(_) => "Uint8Array".to_owned(),
            Type::Tuple(tuple) if tuple.elems.is_empty() => "void".to_owned(),
            Type::Path(path) => {
                let last = path.path.segments.last().expect("a path has a name");
                let inner = |absent| match &last.arguments {
                    PathArguments::AngleBracketed(of) => match of.args.first() {
                        Some(GenericArgument::Type(of)) => self.of(of, absent),
                        _ => panic!("{} of nothing", last.ident),
                    },
                    _ => panic!("{} of nothing", last.ident),
                };
                match last.ident.to_string().as_str() {
                    "usize" | "u32" | "f32" | "f64" => "number".to_owned(),
                    "u8" => "byte".to_owned(),
                    "bool" => "boolean".to_owned(),
                    "str" | "String" => "string".to_owned(),
                    known @ ("Uint8Array" | "Float32Array" | "Engine" | "Pictures" | "BackupSummary" | "BackupWriter" | "BackupReader") => {
                        known.to_owned()
                    }
                    "JsValue" => "any".to_owned(),
                    "Promise" => "Promise<any>".to_owned(),
                    "Vec" => match inner(absent) {
                        bytes if bytes == "byte" => "Uint8Array".to_owned(),
                        one => format!("{one}[]"),
                    },
                    "Option" => format!("{} | {absent}", inner(absent)),
                    "Result" => inner(absent),
                    "Js" => inner("null"),
                    name => self.names.get(name).unwrap_or_else(|| panic!("'{name}' crosses: name it in `types`")).clone(),
                }
            }
            _ => panic!("a type that nothing here gives or takes"),
        }
    }

    /// A function as TypeScript declares it, without what stands before its name.
    fn function(&self, attributes: &[Attribute], signature: &Signature) -> String {
        let name = js_name(attributes, signature);
        let parameters: Vec<_> = signature
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Typed(typed) => {
                    let Pat::Ident(name) = &*typed.pat else { panic!("a parameter without a name") };
                    let name = camel(&name.ident.to_string());
                    if let Some(kind) = wasm_bindgen(&typed.attrs, "unchecked_optional_param_type") {
                        return Some(format!("{name}?: {kind}"));
                    }
                    let kind = wasm_bindgen(&typed.attrs, "unchecked_param_type").unwrap_or_else(|| self.of(&typed.ty, "null | undefined"));
                    Some(format!("{name}: {kind}"))
                }
                FnArg::Receiver(_) => None,
            })
            .collect();
        let given = match &signature.output {
            _ if name == "constructor" => String::new(),
            ReturnType::Default => ": void".to_owned(),
            ReturnType::Type(_, given) => {
                [": ", &wasm_bindgen(attributes, "unchecked_return_type").unwrap_or_else(|| self.of(given, "undefined"))].concat()
            }
        };
        format!("{name}({}){given};\n", parameters.join(", "))
    }
}

/// What `#[wasm_bindgen(key = value)]` says, or an empty text for a mere `key`.
fn wasm_bindgen(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("wasm_bindgen") && matches!(a.meta, syn::Meta::List(_))) {
        let read = attribute.parse_nested_meta(|meta| {
            let value = match meta.value() {
                Ok(value) if value.peek(syn::LitStr) => value.parse::<syn::LitStr>()?.value(),
                Ok(value) => value.parse::<syn::Ident>()?.to_string(),
                Err(_) => String::new(),
            };
            if meta.path.is_ident(key) {
                found = Some(value);
            }
            Ok(())
        });
        read.expect("what wasm_bindgen takes");
    }
    found
}

fn is_bound(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| a.path().is_ident("wasm_bindgen"))
}

fn docs(attributes: &[Attribute], indent: &str) -> String {
    let lines: Vec<_> = attributes
        .iter()
        .filter(|a| a.path().is_ident("doc"))
        .filter_map(|a| match &a.meta {
            syn::Meta::NameValue(syn::MetaNameValue { value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }), .. }) => {
                Some(line.value())
            }
            _ => None,
        })
        .collect();
    if lines.is_empty() { String::new() } else { format!("{indent}/**{} */\n", lines.join(&format!("\n{indent} *"))) }
}

fn camel(snake: &str) -> String {
    let mut parts = snake.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &part[..1].to_uppercase() + &part[1..])
}

fn js_name(attributes: &[Attribute], signature: &Signature) -> String {
    if wasm_bindgen(attributes, "constructor").is_some() {
        return "constructor".to_owned();
    }
    wasm_bindgen(attributes, "js_name").unwrap_or_else(|| signature.ident.to_string())
}

fn declarations() -> String {
    let types = types();
    let mut classes: BTreeMap<String, String> = BTreeMap::new();
    let mut functions = String::new();
    let mut files: Vec<_> =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        for item in syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap().items {
            match item {
                Item::Impl(bound) if is_bound(&bound.attrs) => {
                    let body = classes.entry(types.of(&bound.self_ty, "")).or_default();
                    for method in bound.items {
                        if let ImplItem::Fn(method) = method
                            && matches!(method.vis, Visibility::Public(_))
                        {
                            *body += &docs(&method.attrs, "  ");
                            *body += &format!("  {}", types.function(&method.attrs, &method.sig));
                        }
                    }
                }
                Item::Fn(function) if is_bound(&function.attrs) => {
                    functions += &docs(&function.attrs, "");
                    functions += &format!("export function {}\n", types.function(&function.attrs, &function.sig));
                }
                _ => {}
            }
        }
    }
    let freed = "  /** Gives the memory up; nothing may be called afterwards. */\n  free(): void;\n";
    let classes: String = classes.into_iter().map(|(name, body)| format!("export class {name} {{\n{body}{freed}}}\n\n")).collect();
    let declared: Vec<_> = types.declared.into_values().collect();
    format!("{HEAD}{classes}{functions}{}\n{FOOT}", declared.join("\n"))
}

#[test]
fn the_declarations_that_javascript_is_checked_by_are_those_of_the_engine() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/types/worker/brow.d.ts");
    let now = declarations();
    if fs::read_to_string(file).is_ok_and(|before| before == now) {
        return;
    }
    fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/types/worker")).unwrap();
    fs::write(file, now).unwrap();
    panic!("types/worker/brow.d.ts was older than src/ and has been made anew: look at what changed, and keep it");
}
