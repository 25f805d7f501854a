//! `#[derive(Patch)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Field, GenericArgument, Ident, PathArguments, Result, Type};

use crate::{documentation, input::named_fields};

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let (stored, visibility) = (&item.ident, &item.vis);
    let attribute = item.attrs.iter().find(|attribute| attribute.path().is_ident("patch"));
    let attribute = attribute.ok_or_else(|| Error::new_spanned(stored, "needs #[patch(Name)]"))?;
    let patch: Ident = attribute.parse_args()?;
    let about = format!("Changes to [`{stored}`]: an absent field stays as it is, and null clears it.");
    let (mut fields, mut names) = (Vec::new(), Vec::new());
    for field in named_fields(item)? {
        let (ident, given, about) = (&field.ident, given(field)?, documentation(&field.attrs));
        fields.push(quote! { #[doc = #about] pub #ident: Option<::shared::input::Nullable<#given>>, });
        names.push(ident);
    }
    Ok(quote! {
        #[doc = #about]
        #[derive(Clone, Debug, ::shared::Input)]
        #visibility struct #patch { #(#fields)* }

        impl #patch {
            /// Applies these changes to what is stored.
            #visibility fn apply(self, stored: &mut #stored) {
                #(::shared::input::Nullable::merge(self.#names, &mut stored.#names);)*
            }
        }
    })
}

/// The type in which the value of a field is given: that of `#[patch(given = Type)]`, or the one that is stored.
fn given(field: &Field) -> Result<Type> {
    let Some(attribute) = field.attrs.iter().find(|attribute| attribute.path().is_ident("patch")) else {
        return inner(field).cloned();
    };
    let mut given = None;
    attribute.parse_nested_meta(|meta| {
        given = meta.path.is_ident("given").then(|| meta.value()?.parse::<Type>()).transpose()?;
        if given.is_some() { Ok(()) } else { Err(meta.error("only `given = Type` is known here")) }
    })?;
    given.ok_or_else(|| Error::new_spanned(attribute, "needs `given = Type`"))
}

/// The type within the `Option` of a field.
fn inner(field: &Field) -> Result<&Type> {
    let inner = match &field.ty {
        Type::Path(path) => path.path.segments.last().filter(|segment| segment.ident == "Option"),
        _ => None,
    };
    match inner.map(|segment| &segment.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => match arguments.args.first() {
            Some(GenericArgument::Type(ty)) => Ok(ty),
            _ => Err(Error::new_spanned(field, "needs the type of its value")),
        },
        _ => Err(Error::new_spanned(field, "must be an Option")),
    }
}
