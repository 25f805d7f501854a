//! `#[operation]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Error, Expr, Ident, ItemFn, LitInt, LitStr, Result, Token,
    parse::{Parse, ParseStream},
};

use crate::documentation;

/// The arguments of the attribute.
pub(crate) struct Arguments {
    method: Ident,
    path: LitStr,
    answers: Vec<(LitInt, LitStr)>,
    errors: Vec<Expr>,
    is_deprecated: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let method: Ident = input.parse()?;
        let variant = match method.to_string().as_str() {
            "get" => "Get",
            "post" => "Post",
            "put" => "Put",
            "patch" => "Patch",
            "delete" => "Delete",
            _ => return Err(Error::new_spanned(method, "needs get, post, put, patch or delete")),
        };
        input.parse::<Token![,]>()?;
        let path = input.parse()?;
        let method = format_ident!("{variant}");
        let mut arguments = Self { method, path, answers: Vec::new(), errors: Vec::new(), is_deprecated: false };
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            if input.peek(LitInt) {
                let status = input.parse()?;
                input.parse::<Token![=]>()?;
                arguments.answers.push((status, input.parse()?));
                continue;
            }
            match input.parse()? {
                Expr::Path(word) if word.path.is_ident("deprecated") => arguments.is_deprecated = true,
                error => arguments.errors.push(error),
            }
        }
        Ok(arguments)
    }
}

pub(crate) fn expand(arguments: &Arguments, handler: ItemFn) -> TokenStream {
    let Arguments { method, path, answers, errors, is_deprecated } = arguments;
    let (name, visibility) = (&handler.sig.ident, &handler.vis);
    let (id, documentation) = (name.to_string(), documentation(&handler.attrs));
    let (statuses, descriptions): (Vec<_>, Vec<_>) = answers.iter().cloned().unzip();
    let about = format!("The operation `{id}`.");
    quote! {
        #handler

        // A type of the handler's own name: the list of operations names both at once.
        #[doc = #about]
        #[allow(non_camel_case_types)]
        #visibility enum #name {}

        impl ::shared::api::Operation for #name {
            const ID: &'static str = #id;
            const METHOD: ::shared::api::Method = ::shared::api::Method::#method;
            const PATH: &'static str = #path;
            const DOCUMENTATION: &'static str = #documentation;
            const ANSWERS: &'static [(u16, &'static str)] = &[#((#statuses, #descriptions)),*];
            const IS_DEPRECATED: bool = #is_deprecated;

            fn errors() -> Vec<::shared::Error> {
                vec![#(#errors),*]
            }
        }
    }
}
