//! The company behind a client.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType},
};
use uuid::Uuid;

use super::{
    MAX_BYTES, json_text,
    section::{Found, Section},
};
use crate::{
    Error, Result,
    api::{
        input::{Field, Nullable, Problems, set},
        response::Resource,
        values::{HttpUrl, Name},
    },
    domain::organization::Organization,
    id::OrganizationId,
    input,
    store::{Child, Entity, Key, Store, Stored},
    time::Timestamp,
};

input! {
    /// The body of Update Client Organization Information: only what is to change.
    pub struct UpdateCompany {
        /// Who the company is.
        information: Option<UpdateInformation>,
        /// Where the company is.
        structure: Option<UpdateStructure>,
        /// What the company is held to.
        regulations: Option<UpdateRegulations>,
    }

    /// What is to change of a company's information.
    pub struct UpdateInformation {
        /// The name that the company is registered by.
        legal_name: Option<Name>,
        /// The company's web site.
        url_company: Option<HttpUrl>,
        /// The company above; null clears it.
        parent_company: Option<Nullable<Name>>,
        /// A worldwide identifier such as an LEI; null clears it.
        global_entity_identifier: Option<Nullable<Name>>,
        /// What the company does.
        category: Option<Name>,
    }

    /// What is to change of a company's structure.
    pub struct UpdateStructure {
        /// The headquarters.
        headquarters: Option<UpdateHeadquarters>,
        /// The subsidiaries.
        subsidiary: Option<UpdateLocations>,
        /// The branches.
        branch: Option<UpdateLocations>,
        /// Where services are given.
        service: Option<UpdateLocations>,
        /// Where data is processed.
        data_processing: Option<UpdateLocations>,
    }

    /// What is to change of the headquarters.
    pub struct UpdateHeadquarters {
        /// The place on the map.
        coordinate: Option<UpdateCoordinate>,
        /// The places, which replace those before.
        locations: Option<Vec<Name>>,
    }

    /// What is to change of a place on the map.
    pub struct UpdateCoordinate {
        /// The latitude in degrees, kept to nine decimals.
        lat: Option<Degrees<90>>,
        /// The longitude in degrees, kept to nine decimals.
        long: Option<Degrees<180>>,
    }

    /// What is to change of a list of places.
    pub struct UpdateLocations {
        /// The places, which replace those before.
        locations: Option<Vec<Name>>,
    }

    /// What is to change of a company's regulations.
    pub struct UpdateRegulations {
        /// The regulations, such as GDPR or NIS2, which replace those before.
        applicable_regulations: Option<Vec<Any>>,
    }
}

/// An angle of at most `MAX` degrees to either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degrees<const MAX: u8>(f64);

impl<const MAX: u8> Field for Degrees<MAX> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_f64().filter(|degrees| degrees.abs() <= f64::from(MAX)) {
            // Smaller fractions mean nothing on Earth and do not fit into a DynamoDB number; -0 becomes 0.
            Some(degrees) => Some(Self((degrees * 1e9).round() / 1e9 + 0.0)),
            None => problems.note(path, format!("must be a number from -{MAX} to {MAX}")),
        }
    }

    fn schema() -> RefOr<Schema> {
        let max = f64::from(MAX);
        ObjectBuilder::new().schema_type(Type::Number).minimum(Some(-max)).maximum(Some(max)).into()
    }
}

impl<const MAX: u8> From<Degrees<MAX>> for Option<f64> {
    fn from(degrees: Degrees<MAX>) -> Self {
        Some(degrees.0)
    }
}

/// Any JSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Any(Value);

impl Field for Any {
    fn read(value: &Value, _path: &str, _problems: &mut Problems) -> Option<Self> {
        Some(Self(value.clone()))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
    }
}

/// Who a company is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Information {
    /// The name that the company is registered by.
    legal_name: Option<String>,
    /// The company's web site.
    url_company: Option<String>,
    /// The company above.
    parent_company: Option<String>,
    /// A worldwide identifier such as an LEI.
    global_entity_identifier: Option<String>,
    /// What the company does.
    category: Option<String>,
}

/// Where a company is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Structure {
    /// The headquarters.
    headquarters: Headquarters,
    /// The subsidiaries.
    subsidiary: Locations,
    /// The branches.
    branch: Locations,
    /// Where services are given.
    service: Locations,
    /// Where data is processed.
    data_processing: Locations,
}

/// Where the headquarters are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Headquarters {
    /// The place on the map.
    coordinate: Coordinate,
    /// The places.
    locations: Vec<String>,
}

/// A place on the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coordinate {
    /// The latitude in degrees.
    lat: Option<f64>,
    /// The longitude in degrees.
    long: Option<f64>,
}

/// A list of places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Locations {
    /// The places.
    locations: Vec<String>,
}

/// What a company is held to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Regulations {
    /// The regulations, such as GDPR or NIS2.
    applicable_regulations: Vec<Value>,
}

/// The company behind a client, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Company {
    organization_id: OrganizationId,
    information: Information,
    structure: Structure,
    #[serde(with = "json_text")]
    regulations: Regulations,
    pub(super) updated_at: Timestamp,
}

impl Entity for Company {
    const TYPE: &'static str = "company";

    fn key(&self) -> Key {
        Key::settings(self.organization_id, Self::NAME)
    }
}

impl Child<Organization> for Company {}

impl Section for Company {
    const NAME: &'static str = "COMPANY";

    fn unset(organization: &Organization) -> Self {
        Self {
            organization_id: organization.id,
            information: Information::default(),
            structure: Structure::default(),
            regulations: Regulations::default(),
            updated_at: organization.created_at,
        }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

/// The company behind a client, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CompanyView {
    #[serde(skip)]
    id: Uuid,
    /// Who the company is.
    information: Information,
    /// Where the company is.
    structure: Structure,
    /// What the company is held to.
    regulations: Regulations,
}

impl From<Company> for CompanyView {
    fn from(company: Company) -> Self {
        let Company { organization_id, information, structure, regulations, .. } = company;
        Self { id: organization_id.0, information, structure, regulations }
    }
}

impl Resource for CompanyView {
    const TYPE: &'static str = "companies";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Merges an update into the company of a found client; what is already so is left alone.
///
/// # Errors
/// 409 when another update was faster, 422 when the company's data becomes larger than 64 KiB.
pub async fn update(
    store: Store<'_>,
    organization: &Stored<Organization>,
    update: UpdateCompany,
) -> Result<CompanyView> {
    let found = Found::<Company>::of(store, organization).await?;
    let mut company = found.section.clone();
    update.merge_into(&mut company);
    if serde_json::to_string(&company).map_err(Error::internal)?.len() > MAX_BYTES {
        return Err(Error::invalid_field("body", "makes the company's data larger than 64 KiB"));
    }
    match found.change(store, organization, "client.company_updated", company)? {
        Some(write) => write.commit().await.map(Into::into),
        None => Ok(found.section.into()),
    }
}

impl UpdateCompany {
    fn merge_into(self, company: &mut Company) {
        if let Some(update) = self.information {
            let stored = &mut company.information;
            set(&mut stored.legal_name, update.legal_name.map(String::from));
            set(&mut stored.url_company, update.url_company.map(String::from));
            Nullable::merge(update.parent_company, &mut stored.parent_company);
            Nullable::merge(update.global_entity_identifier, &mut stored.global_entity_identifier);
            set(&mut stored.category, update.category.map(String::from));
        }
        if let Some(update) = self.structure {
            let stored = &mut company.structure;
            if let Some(update) = update.headquarters {
                let coordinate = &mut stored.headquarters.coordinate;
                set(&mut coordinate.lat, update.coordinate.as_ref().and_then(|update| update.lat));
                set(&mut coordinate.long, update.coordinate.as_ref().and_then(|update| update.long));
                set(&mut stored.headquarters.locations, update.locations.map(texts));
            }
            let merge = |stored: &mut Locations, update: Option<UpdateLocations>| {
                set(&mut stored.locations, update.and_then(|update| update.locations).map(texts));
            };
            merge(&mut stored.subsidiary, update.subsidiary);
            merge(&mut stored.branch, update.branch);
            merge(&mut stored.service, update.service);
            merge(&mut stored.data_processing, update.data_processing);
        }
        let regulations = self.regulations.and_then(|update| update.applicable_regulations);
        let regulations =
            regulations.map(|regulations| regulations.into_iter().map(|Any(value)| value).collect::<Vec<_>>());
        set(&mut company.regulations.applicable_regulations, regulations);
    }
}

fn texts(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(String::from).collect()
}
