//! The binary can make just the SDK calls that its role in the template allows.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use scanward::{
    calls,
    template::{self, TEMPLATE},
};

#[test]
fn the_binary_makes_the_calls_that_its_role_allows() {
    let calls = calls::of_binary(&fs::read(env!("CARGO_BIN_EXE_audit")).unwrap());
    let role = template::functions(TEMPLATE).unwrap().roles.remove("audit").unwrap();
    let differences = calls::differences(&calls, &role);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
