//! The binary can make exactly the SDK calls that its role in the template allows.
#![allow(clippy::unwrap_used, missing_docs)]

#[test]
fn the_binary_makes_the_calls_that_its_role_allows() {
    assert_eq!(scanward::calls::check("vulnerabilities", env!("CARGO_BIN_EXE_vulnerabilities")).unwrap(), [""; 0]);
}
