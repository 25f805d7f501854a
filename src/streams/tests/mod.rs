//! Subscriptions to streams made up for the tests, in a time of their own, and to a table of the embedded DynamoDB.

mod delivery;
mod fake;
mod position;
mod table;
