//! The operations of the embedded DynamoDB, as clients ask for them.

use dynoxide::{Database, DynoxideError, Result};
use serde::{Serialize, de::DeserializeOwned};

/// The operation that a header names: `DynamoDB_20120810.GetItem`, or one of streams.
pub(super) fn name(target: &str) -> Option<&str> {
    target.strip_prefix("DynamoDB_20120810.").or_else(|| target.strip_prefix("DynamoDBStreams_20120810."))
}

/// Runs an operation; `None` when there is none with this name.
pub(super) fn run(database: &Database, name: &str, body: &[u8]) -> Option<Result<Vec<u8>>> {
    Some(match name {
        "BatchExecuteStatement" => call(body, |it| database.batch_execute_statement(it)),
        "BatchGetItem" => call(body, |it| database.batch_get_item(it)),
        "BatchWriteItem" => call(body, |it| database.batch_write_item(it)),
        "CreateTable" => call(body, |it| database.create_table(it)),
        "DeleteItem" => call(body, |it| database.delete_item(it)),
        "DeleteTable" => call(body, |it| database.delete_table(it)),
        "DescribeStream" => call(body, |it| database.describe_stream(it)),
        "DescribeTable" => call(body, |it| database.describe_table(it)),
        "DescribeTimeToLive" => call(body, |it| database.describe_time_to_live(it)),
        "ExecuteStatement" => call(body, |it| database.execute_statement(it)),
        "ExecuteTransaction" => call(body, |it| database.execute_transaction(it)),
        "GetItem" => call(body, |it| database.get_item(it)),
        "GetRecords" => call(body, |it| database.get_records(it)),
        "GetShardIterator" => call(body, |it| database.get_shard_iterator(it)),
        "ListStreams" => call(body, |it| database.list_streams(it)),
        "ListTables" => call(body, |it| database.list_tables(it)),
        "ListTagsOfResource" => call(body, |it| database.list_tags_of_resource(it)),
        "PutItem" => call(body, |it| database.put_item(it)),
        "Query" => call(body, |it| database.query(it)),
        "Scan" => call(body, |it| database.scan(it)),
        "TagResource" => call(body, |it| database.tag_resource(it)),
        "TransactGetItems" => call(body, |it| database.transact_get_items(it)),
        "TransactWriteItems" => call(body, |it| database.transact_write_items(it)),
        "UntagResource" => call(body, |it| database.untag_resource(it)),
        "UpdateItem" => call(body, |it| database.update_item(it)),
        "UpdateTable" => call(body, |it| database.update_table(it)),
        "UpdateTimeToLive" => call(body, |it| database.update_time_to_live(it)),
        _ => return None,
    })
}

fn call<Q: DeserializeOwned, A: Serialize>(body: &[u8], operation: impl FnOnce(Q) -> Result<A>) -> Result<Vec<u8>> {
    let question = serde_json::from_slice(body);
    let question = question.map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let answer = operation(question)?;
    serde_json::to_vec(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
