//! Targets as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::Resource,
    domain::target::Target,
    id::{OrganizationId, PortListId, TargetId, UserId},
    time::Timestamp,
};

/// A target.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Target")]
#[resource("targets")]
pub(crate) struct TargetView {
    /// The target's id.
    id: TargetId,
    /// The organization that owns the target.
    organization_id: OrganizationId,
    /// The name.
    name: String,
    /// A remark.
    comment: Option<String>,
    /// The hosts: names, addresses, ranges and networks.
    hosts: String,
    /// The hosts that are left out.
    exclude_hosts: String,
    /// The number of hosts; a name is one.
    max_hosts: u64,
    /// The port list; null for the ports of the scan's profile.
    port_list_id: Option<PortListId>,
    /// An Admin's approval to scan just these hosts; null without one.
    approval: Option<ApprovalView>,
    /// When the target was created.
    created_at: Timestamp,
    /// When the target was last changed.
    updated_at: Timestamp,
}

/// An Admin's approval to scan the hosts of a target.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TargetApproval")]
pub(crate) struct ApprovalView {
    /// The Admin.
    approved_by: UserId,
    /// On what ground.
    ground: String,
    /// When.
    approved_at: Timestamp,
}

impl From<&Target> for TargetView {
    fn from(target: &Target) -> Self {
        Self {
            id: target.id,
            organization_id: target.organization_id,
            name: target.name.clone(),
            comment: target.comment.clone(),
            hosts: target.hosts.0.to_string(),
            exclude_hosts: target.exclude_hosts.0.to_string(),
            max_hosts: target.max_hosts,
            port_list_id: target.port_list_id,
            approval: target.approval.as_ref().map(|approval| ApprovalView {
                approved_by: approval.approved_by,
                ground: approval.ground.clone(),
                approved_at: approval.approved_at,
            }),
            created_at: target.created_at,
            updated_at: target.updated_at,
        }
    }
}
