//! Choices among names.

/// Defines a choice among names, with what it needs to be read from a body, a query or a path, stored and documented.
#[macro_export]
macro_rules! choice {
    ($($(#[doc = $doc:expr])* pub enum $name:ident { $($(#[doc = $variant_doc:expr])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every choice, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            const RULE: &'static str = concat!("must be one of" $(, " ", $text)*);

            /// The choice's name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
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

        impl $crate::input::Field for $name {
            fn read(
                value: &$crate::input::Value,
                path: &str,
                problems: &mut $crate::input::Problems,
            ) -> Option<Self> {
                match value.as_str().unwrap_or_default().parse() {
                    Ok(choice) => Some(choice),
                    Err(message) => problems.add(path, message),
                }
            }
        }

        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(_: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                // The names on the wire, each with its documentation.
                let choices = concat!($("\n- `", $text, "`:", $($variant_doc,)*)*);
                $crate::schemars::json_schema!({
                    "description": format!("{}\n{choices}", concat!($($doc),*).trim()),
                    "type": "string",
                    "enum": [$($text),*],
                })
            }
        }
    )*};
}
