//! Resources: entities as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::store::Event;

/// The attributes of a resource, as the API shows it.
pub trait Resource: Serialize + JsonSchema {
    /// The name of the type, in the plural.
    const TYPE: &'static str;

    /// The id of this resource.
    fn id(&self) -> Uuid;
}

impl Resource for Event {
    const TYPE: &'static str = "events";

    fn id(&self) -> Uuid {
        self.id.0
    }
}
