//! Updates of the company behind a client.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use shared::{
    Input,
    input::{
        Bounded, Field, Nullable, Problems, set,
        values::{HttpUrl, Name},
    },
};

use super::{AnyJson, Company, Headquarters, Information, Locations, Structure};

/// The largest number of places of a kind, and of regulations.
const MAX_LOCATIONS: usize = 500;
const MAX_REGULATIONS: usize = 100;

/// The body of Update Client Organization Information: only the fields to change.
#[derive(Debug, Input)]
pub(crate) struct UpdateCompany {
    /// The identity of the company.
    information: Option<UpdateInformation>,
    /// The places of the company.
    structure: Option<UpdateStructure>,
    /// The regulations that apply to the company.
    regulations: Option<UpdateRegulations>,
}

/// Changes to the identity of a company.
#[derive(Debug, Input)]
struct UpdateInformation {
    /// The name under which the company is registered.
    legal_name: Option<Name>,
    /// The company's web site, kept as the standard of URLs writes it, such as `https://www.example.com/`.
    url_company: Option<HttpUrl>,
    /// The company above; null clears it.
    parent_company: Option<Nullable<Name>>,
    /// A worldwide identifier such as an LEI; null clears it.
    global_entity_identifier: Option<Nullable<Name>>,
    /// The company's line of business.
    category: Option<Name>,
}

/// Changes to the places of a company.
#[derive(Debug, Input)]
struct UpdateStructure {
    /// The headquarters.
    headquarters: Option<UpdateHeadquarters>,
    /// The subsidiaries.
    subsidiary: Option<UpdateLocations>,
    /// The branches.
    branch: Option<UpdateLocations>,
    /// The places where services are given.
    service: Option<UpdateLocations>,
    /// The places where data is processed.
    data_processing: Option<UpdateLocations>,
}

/// Changes to the headquarters of a company.
#[derive(Debug, Input)]
struct UpdateHeadquarters {
    /// The place on the map.
    coordinate: Option<UpdateCoordinate>,
    /// The places, which replace those before.
    locations: Option<Bounded<Name, MAX_LOCATIONS>>,
}

/// Changes to a place on the map.
#[derive(Debug, Input)]
struct UpdateCoordinate {
    /// The latitude in degrees, kept to nine decimals.
    lat: Option<Degrees<90>>,
    /// The longitude in degrees, kept to nine decimals.
    long: Option<Degrees<180>>,
}

/// Changes to a list of places.
#[derive(Debug, Input)]
struct UpdateLocations {
    /// The places, which replace those before.
    locations: Option<Bounded<Name, MAX_LOCATIONS>>,
}

/// Changes to the regulations that apply to a company.
#[derive(Debug, Input)]
struct UpdateRegulations {
    /// The regulations, such as GDPR or NIS2, which replace those before.
    applicable_regulations: Option<Bounded<AnyJson, MAX_REGULATIONS>>,
}

/// An angle of at most `MAX` degrees to either side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Degrees<const MAX: u8>(f64);

impl<const MAX: u8> Field for Degrees<MAX> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_f64().filter(|degrees| degrees.abs() <= f64::from(MAX)) {
            // Smaller fractions mean nothing on Earth and do not fit into a DynamoDB number; -0 becomes 0.
            Some(degrees) => Some(Self((degrees * 1e9).round() / 1e9 + 0.0)),
            None => problems.add(path, format!("must be a number from -{MAX} to {MAX}")),
        }
    }
}

impl<const MAX: u8> JsonSchema for Degrees<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("DegreesTo{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": -i16::from(MAX), "maximum": MAX })
    }
}

impl<const MAX: u8> From<Degrees<MAX>> for Option<f64> {
    fn from(degrees: Degrees<MAX>) -> Self {
        Some(degrees.0)
    }
}

impl Field for AnyJson {
    fn read(value: &Value, _path: &str, _problems: &mut Problems) -> Option<Self> {
        Some(Self(value.clone()))
    }
}

impl UpdateCompany {
    /// Merges the fields present into the company's data.
    pub(crate) fn apply(self, company: &mut Company) {
        if let Some(update) = self.information {
            update.apply(&mut company.information);
        }
        if let Some(update) = self.structure {
            update.apply(&mut company.structure);
        }
        let regulations = self.regulations.and_then(|update| update.applicable_regulations);
        set(&mut company.regulations.applicable_regulations, regulations);
    }
}

impl UpdateInformation {
    fn apply(self, stored: &mut Information) {
        let Self { legal_name, url_company, parent_company, global_entity_identifier, category } = self;
        set(&mut stored.legal_name, legal_name.map(String::from));
        set(&mut stored.url_company, url_company.map(String::from));
        Nullable::merge(parent_company, &mut stored.parent_company);
        Nullable::merge(global_entity_identifier, &mut stored.global_entity_identifier);
        set(&mut stored.category, category.map(String::from));
    }
}

impl UpdateStructure {
    fn apply(self, stored: &mut Structure) {
        let Self { headquarters, subsidiary, branch, service, data_processing } = self;
        if let Some(update) = headquarters {
            update.apply(&mut stored.headquarters);
        }
        merge(&mut stored.subsidiary, subsidiary);
        merge(&mut stored.branch, branch);
        merge(&mut stored.service, service);
        merge(&mut stored.data_processing, data_processing);
    }
}

impl UpdateHeadquarters {
    fn apply(self, stored: &mut Headquarters) {
        if let Some(UpdateCoordinate { lat, long }) = self.coordinate {
            set(&mut stored.coordinate.lat, lat);
            set(&mut stored.coordinate.long, long);
        }
        set(&mut stored.locations, self.locations.map(Bounded::into::<String>));
    }
}

fn merge(stored: &mut Locations, update: Option<UpdateLocations>) {
    set(&mut stored.locations, update.and_then(|update| update.locations).map(Bounded::into::<String>));
}
