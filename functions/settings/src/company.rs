//! The company behind a client.

mod update;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    Error, Result,
    api::{Access, Body, Manager, Resource, Single},
    operation,
};
use uuid::Uuid;

use self::update::UpdateCompany;
use crate::{
    MAX_BYTES, json_text,
    section::{OwnSection, Section, SectionItem},
};

/// The identity of a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CompanyInformation")]
pub(crate) struct Information {
    /// The name under which the company is registered.
    legal_name: Option<String>,
    /// The company's web site.
    url_company: Option<String>,
    /// The company above.
    parent_company: Option<String>,
    /// A worldwide identifier such as an LEI.
    global_entity_identifier: Option<String>,
    /// The company's line of business.
    category: Option<String>,
}

/// The places of a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CompanyStructure")]
pub(crate) struct Structure {
    /// The headquarters.
    headquarters: Headquarters,
    /// The subsidiaries.
    subsidiary: Locations,
    /// The branches.
    branch: Locations,
    /// The places where services are given.
    service: Locations,
    /// The places where data is processed.
    data_processing: Locations,
}

/// The headquarters of a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Headquarters {
    /// The place on the map.
    coordinate: Coordinate,
    /// The places.
    locations: Vec<String>,
}

/// A place on the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Coordinate {
    /// The latitude in degrees.
    lat: Option<f64>,
    /// The longitude in degrees.
    long: Option<f64>,
}

/// A list of places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Locations {
    /// The places.
    locations: Vec<String>,
}

/// The regulations that apply to a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CompanyRegulations")]
pub(crate) struct Regulations {
    /// The regulations, such as GDPR or NIS2.
    applicable_regulations: Vec<AnyJson>,
}

/// Any JSON value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct AnyJson(Value);

impl JsonSchema for AnyJson {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnyJson".into()
    }

    // `{}` rather than the equivalent `true` of `Value`, which generators of clients refuse as the items of an array.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

/// The company behind a client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Company {
    information: Information,
    structure: Structure,
    #[serde(with = "json_text")]
    regulations: Regulations,
}

impl Section for Company {
    const TYPE: &'static str = "company";
    const KEY: &'static str = "COMPANY";
}

/// The company behind a client.
#[derive(Clone, Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Company")]
#[resource("companies")]
pub(crate) struct CompanyView {
    #[serde(skip)]
    id: Uuid,
    /// The identity of the company.
    information: Information,
    /// The places of the company.
    structure: Structure,
    /// The regulations that apply to the company.
    regulations: Regulations,
}

impl From<&SectionItem<Company>> for CompanyView {
    fn from(item: &SectionItem<Company>) -> Self {
        let Company { information, structure, regulations } = item.content.clone();
        Self { id: item.organization_id.0, information, structure, regulations }
    }
}

/// Update Client Organization Information
///
/// Merges the fields present into the company's data: an absent field stays as it is, an array is replaced, and null
/// clears `parent_company` and `global_entity_identifier`.
#[operation(patch, "/client/company")]
pub(crate) async fn update_company(
    Access(caller, section): Access<Manager, OwnSection<Company>>,
    Body(body): Body<UpdateCompany>,
) -> Result<Single<CompanyView>> {
    let edit = |company: &mut SectionItem<Company>| {
        body.apply(&mut company.content);
        require_size(company)
    };
    let change = section.change(caller.store(), "client.company_updated", edit)?;
    change.commit().await.map(|company| Single::new(CompanyView::from(&company)))
}

fn require_size(company: &SectionItem<Company>) -> Result<()> {
    if serde_json::to_string(company).map_err(Error::internal)?.len() > MAX_BYTES {
        return Err(Error::invalid_field("body", "makes the company's data larger than 64 KiB"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::input::read;

    use super::*;

    fn item(body: &Value) -> SectionItem<Company> {
        let mut content = Company::default();
        read::<UpdateCompany>(body.to_string().as_bytes()).unwrap().apply(&mut content);
        let organization_id = shared::id::OrganizationId::generate();
        SectionItem { organization_id, content, updated_at: shared::time::Timestamp::now() }
    }

    #[test]
    fn it_is_stored_and_read_unchanged() {
        let company = item(&json!({
            "information": { "legal_name": "Acme", "parent_company": null },
            "structure": {
                "headquarters": { "coordinate": { "lat": 37, "long": -0.000_000_001 }, "locations": ["Athens"] },
                "branch": { "locations": [] },
            },
            "regulations": { "applicable_regulations": ["GDPR", 1.0, 1e300, null, { "name": "NIS2" }] },
        }));
        let stored: serde_dynamo::Item = serde_dynamo::to_item(&company).unwrap();
        assert_eq!(serde_dynamo::from_item::<_, SectionItem<Company>>(stored).unwrap(), company);
    }

    #[test]
    fn its_data_has_a_bound() {
        let regulations = |bytes: usize| json!({ "regulations": { "applicable_regulations": ["x".repeat(bytes)] } });
        assert!(require_size(&item(&regulations(64_000))).is_ok());
        assert!(require_size(&item(&regulations(65_536))).is_err());
    }
}
