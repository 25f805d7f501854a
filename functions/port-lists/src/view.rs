//! Port lists as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::Resource,
    domain::{
        port_list::{PortList, PortRange, Protocol},
        product::AppType,
    },
    id::{OrganizationId, PortListId, PortRangeId},
    time::Timestamp,
};

/// A port list.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "PortList")]
#[resource("port_lists")]
pub(crate) struct PortListView {
    /// The list's id.
    id: PortListId,
    /// The organization that owns the list; null for one of the platform, which everybody sees and only an Admin changes.
    organization_id: Option<OrganizationId>,
    /// The name.
    name: String,
    /// A remark.
    comment: Option<String>,
    /// The product that the list is for; null for all of them.
    app_type: Option<AppType>,
    /// Whether the list is offered for new targets.
    active: bool,
    /// The number of ports.
    port_count: PortCount,
    /// The ports, in their order.
    port_ranges: Vec<PortRangeView>,
    /// When the list was created.
    created_at: Timestamp,
    /// When the list was last changed.
    updated_at: Timestamp,
}

/// The number of ports of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PortCount {
    /// Ports of both protocols.
    all: u32,
    /// TCP ports.
    tcp: u32,
    /// UDP ports.
    udp: u32,
}

/// A range of ports of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortRange")]
pub(crate) struct PortRangeView {
    /// The range's id, the same in every list.
    id: PortRangeId,
    /// The protocol.
    protocol: Protocol,
    /// The first port.
    start: u16,
    /// The last port.
    end: u16,
}

impl From<PortRange> for PortRangeView {
    fn from(range: PortRange) -> Self {
        Self { id: range.id(), protocol: range.protocol, start: range.start, end: range.end }
    }
}

impl From<&PortList> for PortListView {
    fn from(list: &PortList) -> Self {
        let (tcp, udp) = (list.port_ranges.count(Protocol::Tcp), list.port_ranges.count(Protocol::Udp));
        Self {
            id: list.id,
            organization_id: (!list.is_shared()).then_some(list.organization_id),
            name: list.name.clone(),
            comment: list.comment.clone(),
            app_type: list.app_type,
            active: list.active,
            port_count: PortCount { all: tcp + udp, tcp, udp },
            port_ranges: list.port_ranges.iter().map(PortRangeView::from).collect(),
            created_at: list.created_at,
            updated_at: list.updated_at,
        }
    }
}
