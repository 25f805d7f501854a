//! Descriptive texts that several requests set and one entity stores.

/// Defines the stored texts, each optional, and the requests that set them beside fields of their own. In a request an
/// absent text stays as it is, and `null` clears it.
macro_rules! details {
    (
        $(#[$meta:meta])* pub struct $details:ident $texts:tt
        $($(#[$input_meta:meta])* input $input:ident $own:tt)*
    ) => {
        details!(@stored [$(#[$meta])*] $details $texts);
        $(details!(@input $details [$(#[$input_meta])*] $input $own $texts);)*
    };
    (@stored [$($meta:tt)*] $details:ident { $($(#[$text_meta:meta])* $text:ident: $type:ty,)* }) => {
        $($meta)*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub struct $details {
            $($(#[$text_meta])* pub $text: Option<String>,)*
        }
    };
    (
        @input $details:ident [$($meta:tt)*] $input:ident
        { $($(#[doc = $own_doc:expr])* $own:ident: $own_type:ty,)* }
        { $($(#[doc = $text_doc:expr])* $text:ident: $type:ty,)* }
    ) => {
        $crate::input! {
            $($meta)*
            pub struct $input {
                $($(#[doc = $own_doc])* $own: $own_type,)*
                $($(#[doc = $text_doc])* $text: Option<Nullable<$type>>,)*
            }
        }

        impl $input {
            /// Merges the texts of this request into what is stored.
            pub(crate) fn merge_into(&self, stored: &mut $details) {
                $($crate::api::input::Nullable::merge(self.$text.clone(), &mut stored.$text);)*
            }
        }
    };
}
pub(crate) use details;
