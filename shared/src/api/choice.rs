//! Choices among names.

/// Defines a choice among names, with what it needs to be read from a body or a path, stored and documented.
#[macro_export]
macro_rules! choice {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
                 utoipa::ToSchema)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every choice, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            const RULE: &'static str = concat!("must be one of" $(, " ", $text)*);

            /// The choice's name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or(Self::RULE)
            }
        }

        impl $crate::api::input::Field for $name {
            fn read(
                value: &serde_json::Value,
                path: &str,
                problems: &mut $crate::api::input::Problems,
            ) -> Option<Self> {
                match value.as_str().unwrap_or_default().parse() {
                    Ok(choice) => Some(choice),
                    Err(message) => problems.note(path, message),
                }
            }

            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <Self as utoipa::PartialSchema>::schema()
            }
        }
    )*};
}
