//! `#[derive(Resource)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, LitStr, Result};

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let name = &item.ident;
    let attribute = item.attrs.iter().find(|attribute| attribute.path().is_ident("resource"));
    let attribute = attribute.ok_or_else(|| Error::new_spanned(name, "needs #[resource(\"types\")]"))?;
    let kind: LitStr = attribute.parse_args()?;
    Ok(quote! {
        impl ::shared::domain::Resource for #name {
            const TYPE: &'static str = #kind;

            fn id(&self) -> ::shared::id::Uuid {
                self.id.into()
            }
        }
    })
}
