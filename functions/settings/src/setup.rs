//! The setup of a client's account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Result,
    api::{Access, Manager, Resource, Single},
    operation,
    time::Timestamp,
};
use uuid::Uuid;

use crate::section::{OwnSection, Section, SectionItem};

/// The setup of a client's account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) setup_completed_at: Option<Timestamp>,
}

impl Section for Setup {
    const TYPE: &'static str = "setup";
    const KEY: &'static str = "SETUP";
}

/// The setup of a client's account.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Setup")]
#[resource("setups")]
pub(crate) struct SetupView {
    #[serde(skip)]
    id: Uuid,
    /// When the account was set up; null before.
    setup_completed_at: Option<Timestamp>,
}

impl From<&SectionItem<Setup>> for SetupView {
    fn from(item: &SectionItem<Setup>) -> Self {
        Self { id: item.organization_id.0, setup_completed_at: item.content.setup_completed_at }
    }
}

/// Update Client Setup Information
///
/// Records the present time as the end of the account's setup. A later request changes nothing.
#[operation(put, "/client/setup")]
pub(crate) async fn update_setup(
    Access(caller, section): Access<Manager, OwnSection<Setup>>,
) -> Result<Single<SetupView>> {
    let complete = |setup: &mut SectionItem<Setup>| {
        setup.content.setup_completed_at.get_or_insert_with(Timestamp::now);
        Ok(())
    };
    let change = section.change(caller.store(), "client.setup_completed", complete)?;
    change.commit().await.map(|setup| Single::new(SetupView::from(&setup)))
}
