//! The SDK calls that a function's binary can make, found in its symbols.
//!
//! The linker drops code that nothing calls, so a call that is present is one that the function can make. Only
//! unstripped binaries have symbols: those of development builds.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, ensure};

use crate::{
    iam::Role,
    template::{self, TEMPLATE},
};

/// The actions that the parts of a transaction need; a transaction has no action of its own.
const PARTS: [&str; 4] = ["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"];
/// The name of the section that a stripped binary lacks.
const SYMBOLS: &[u8] = b".symtab";
/// The mangled name of the function that runs an operation of an SDK.
const ENTRY: &[u8] = b"11orchestrate";

/// Returns the differences between the calls of a function's binary and its role in the template.
///
/// # Errors
/// When there is no such binary, it is stripped, or there is no such function in the template.
pub fn check(function: &str, binary: &str) -> Result<Vec<String>> {
    let bytes = fs::read(binary).with_context(|| format!("{binary} cannot be read"))?;
    ensure!(bytes.windows(SYMBOLS.len()).any(|window| window == SYMBOLS), "{binary} has no symbols");
    let calls = of_binary(&bytes);
    let role = template::functions(TEMPLATE)?.roles.remove(function);
    Ok(differences(&calls, &role.with_context(|| format!("the template has no {function}"))?))
}

/// The calls of a binary, as in `dynamodb:Query`.
fn of_binary(binary: &[u8]) -> BTreeSet<String> {
    let ends = binary.windows(ENTRY.len()).enumerate().filter(|(_, window)| *window == ENTRY).map(|(at, _)| at);
    ends.filter_map(|end| call(binary.get(end.saturating_sub(200)..end)?)).collect()
}

/// The call that the end of a symbol names: `...aws_sdk_dynamodb9operation5query5Query`.
fn call(symbol: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(symbol);
    let (_, path) = text.rsplit_once("aws_sdk_")?;
    let service: String = path.chars().take_while(char::is_ascii_alphabetic).collect();
    let name = path.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let name = name.rsplit(|c: char| !c.is_ascii_alphabetic()).next()?;
    Some(format!("{service}:{name}"))
}

/// The differences between a binary's calls and its function's role: calls that the role does not allow, and actions
/// that no call needs.
fn differences(calls: &BTreeSet<String>, role: &Role) -> Vec<String> {
    let actions: BTreeSet<&str> = role.permissions().iter().map(|permission| permission.action.as_str()).collect();
    let transacts = calls.contains("dynamodb:TransactWriteItems");
    let is_part =
        |action: &str| transacts && action.strip_prefix("dynamodb:").is_some_and(|part| PARTS.contains(&part));
    let refused =
        calls.iter().filter(|call| *call != "dynamodb:TransactWriteItems" && !actions.contains(call.as_str()));
    let idle = actions.iter().filter(|action| !calls.contains(**action) && !is_part(action));
    let refused = refused.map(|call| format!("the binary can call {call}, which the role does not allow"));
    refused.chain(idle.map(|action| format!("the role allows {action}, which the binary cannot call"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_in_the_symbols() {
        let symbols = b"\0_ZN16aws_sdk_dynamodb9operation14batch_get_item12BatchGetItem11orchestrate17h05E\0\
            _RNvMs_NtNtCs1_11aws_sdk_kms9operation7decryptNtB4_7Decrypt11orchestrate\0 9operation5query5Query4send";
        let found: Vec<String> = of_binary(symbols).into_iter().collect();
        assert_eq!(found, ["dynamodb:BatchGetItem", "kms:Decrypt"]);
    }

    #[test]
    fn missing_and_unused_permissions_are_found() {
        let role = template::functions(TEMPLATE).unwrap().roles.remove("audit").unwrap();
        let calls = |calls: &[&str]| calls.iter().map(|call| format!("dynamodb:{call}")).collect();
        assert!(differences(&calls(&["BatchGetItem", "GetItem", "Query"]), &role).is_empty());
        assert_eq!(
            differences(&calls(&["BatchGetItem", "GetItem", "PutItem"]), &role),
            [
                "the binary can call dynamodb:PutItem, which the role does not allow",
                "the role allows dynamodb:Query, which the binary cannot call",
            ]
        );
    }
}
