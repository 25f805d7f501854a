//! The event source mappings of the template: how a function is called with the records of the table's stream.
//!
//! As with policies, a template that uses more than is supported here is refused.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_yaml_ng::{Mapping as Yaml, Value};

use super::filter::Filter;

/// How a function is called with the records of the table's stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The name of the function.
    pub function: String,
    /// The logical id of the event.
    pub event: String,
    /// The most records of a call.
    pub batch_size: usize,
    /// How long records are gathered for a call.
    pub window: Duration,
    /// How often a batch that fails is retried; `None` without end.
    pub retries: Option<u32>,
    /// The age at which a record is not processed any more; `None` for any age.
    pub record_age: Option<Duration>,
    /// Whether a batch that fails is split in two.
    pub bisects: bool,
    /// Whether the answer of the function names the records that failed.
    pub reports_failures: bool,
    /// The filters, of which a record matches one; without any, the function gets every record.
    pub filters: Vec<Filter>,
    /// The logical id of the queue for what fails for good; without one it is discarded.
    pub failures: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Event {
    r#type: String,
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    stream: Value,
    starting_position: String,
    #[serde(default = "usual_batch_size")]
    batch_size: usize,
    #[serde(default)]
    maximum_batching_window_in_seconds: u64,
    #[serde(default = "one")]
    parallelization_factor: u32,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default = "without_limit")]
    maximum_retry_attempts: i32,
    #[serde(default = "without_limit")]
    maximum_record_age_in_seconds: i32,
    #[serde(default)]
    function_response_types: Vec<String>,
    filter_criteria: Option<FilterCriteria>,
    destination_config: Option<DestinationConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<FilterPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterPattern {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    r#type: String,
    destination: Value,
}

fn usual_batch_size() -> usize {
    100
}

fn one() -> u32 {
    1
}

fn without_limit() -> i32 {
    -1
}

/// Reads the mappings from the `events` of a function, which refer to the `resources` of a template.
///
/// # Errors
/// When an event is not of the table's stream, or uses what is not supported here.
pub fn read(function: &str, events: &Yaml, resources: &Yaml) -> Result<Vec<Mapping>> {
    // The position in the stream is kept by the name of the function.
    ensure!(events.len() <= 1, "{function} has more than one event");
    let each = events.iter().map(|(id, event)| {
        let id = id.as_str().unwrap_or_default();
        one_of(function, id, event, resources)
            .with_context(|| format!("the event {id} of {function} cannot be enforced here"))
    });
    each.collect()
}

fn one_of(function: &str, id: &str, event: &Value, resources: &Yaml) -> Result<Mapping> {
    let Event { r#type, properties } = serde_yaml_ng::from_value(event.clone())?;
    ensure!(r#type == "DynamoDB", "its type is {}", r#type);
    let of: Properties = serde_yaml_ng::from_value(properties)?;
    check_stream(&of.stream, resources)?;
    ensure!(of.starting_position == "TRIM_HORIZON", "it starts at {}", of.starting_position);
    ensure!((1..=10_000).contains(&of.batch_size), "its batches have {} records", of.batch_size);
    ensure!(of.maximum_batching_window_in_seconds <= 300, "its batching window is longer than 300 seconds");
    ensure!(of.parallelization_factor == 1, "it has a parallelization factor");
    let age = of.maximum_record_age_in_seconds;
    ensure!(age == -1 || (60..=604_800).contains(&age), "its record age is {age}");
    let attempts = of.maximum_retry_attempts;
    ensure!((-1..=10_000).contains(&attempts), "its retry attempts are {attempts}");
    let reports_failures = match of.function_response_types.as_slice() {
        [] => false,
        [kind] if kind == "ReportBatchItemFailures" => true,
        kinds => bail!("its response types are {kinds:?}"),
    };
    let patterns = of.filter_criteria.map(|criteria| criteria.filters).unwrap_or_default();
    ensure!(patterns.len() <= 5, "it has more than five filters");
    let filters = patterns.iter().map(|filter| Filter::parse(&filter.pattern)).collect::<Result<_>>()?;
    Ok(Mapping {
        function: function.to_owned(),
        event: id.to_owned(),
        batch_size: of.batch_size,
        window: Duration::from_secs(of.maximum_batching_window_in_seconds),
        retries: u32::try_from(attempts).ok(),
        record_age: u64::try_from(age).ok().map(Duration::from_secs),
        bisects: of.bisect_batch_on_function_error,
        reports_failures,
        filters,
        failures: of.destination_config.map(|config| queue(&config.on_failure, resources)).transpose()?,
    })
}

/// Checks that it is the stream of the table, here where no table was restored, and that it has the images that the
/// table here has.
fn check_stream(stream: &Value, resources: &Yaml) -> Result<()> {
    let stream = match stream {
        Value::Tagged(choice) if choice.tag == "If" => {
            let choices = choice.value.as_sequence().map(Vec::as_slice).unwrap_or_default();
            let [Value::String(condition), _, otherwise] = choices else { bail!("an If does not have three parts") };
            ensure!(condition == "UsesRestoredTable", "{condition} is not supported here");
            otherwise
        }
        stream => stream,
    };
    let table = attribute(stream, "StreamArn").context("its stream is not that of a table")?;
    let table = resources.get(table).context("its table is not in the template")?;
    ensure!(table.get("Type").and_then(Value::as_str) == Some("AWS::DynamoDB::Table"), "its stream is not of a table");
    let images = table.get("Properties").and_then(|it| it.get("StreamSpecification")?.get("StreamViewType")?.as_str());
    ensure!(images == Some("NEW_IMAGE"), "its table does not have a stream of new images");
    Ok(())
}

fn queue(to: &OnFailure, resources: &Yaml) -> Result<String> {
    ensure!(to.r#type == "SQS", "its failures go to {}", to.r#type);
    let queue = attribute(&to.destination, "Arn").context("its failures do not go to the ARN of a queue")?;
    let kind = resources.get(queue).and_then(|it| it.get("Type")?.as_str());
    ensure!(kind == Some("AWS::SQS::Queue"), "its failures go to {queue}, which is no queue");
    Ok(queue.to_owned())
}

/// The logical id in `!GetAtt Id.Attribute`.
fn attribute<'a>(value: &'a Value, attribute: &str) -> Option<&'a str> {
    match value {
        Value::Tagged(get) if get.tag == "GetAtt" => {
            get.value.as_str()?.split_once('.').filter(|(_, of)| *of == attribute).map(|(id, _)| id)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCES: &str = "
Table: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: NEW_IMAGE}}}
Other: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: KEYS_ONLY}}}
Failures: {Type: AWS::SQS::Queue}
Topic: {Type: AWS::SNS::Topic}
";
    const EVENT: &str = r#"
Entries:
  Type: DynamoDB
  Properties:
    Stream: !If [UsesRestoredTable, !Ref RestoredStreamArn, !GetAtt Table.StreamArn]
    StartingPosition: TRIM_HORIZON
    BatchSize: 50
    MaximumBatchingWindowInSeconds: 1
    ParallelizationFactor: 1
    BisectBatchOnFunctionError: true
    MaximumRetryAttempts: 8
    MaximumRecordAgeInSeconds: 43200
    FunctionResponseTypes: [ReportBatchItemFailures]
    FilterCriteria: {Filters: [{Pattern: '{"eventName": ["INSERT"]}'}]}
    DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failures.Arn}}
"#;

    fn read_text(events: &str) -> Result<Vec<Mapping>> {
        read("project", &serde_yaml_ng::from_str(events)?, &serde_yaml_ng::from_str(RESOURCES)?)
    }

    #[test]
    fn a_mapping_is_read_from_the_template() {
        let expected = Mapping {
            function: "project".to_owned(),
            event: "Entries".to_owned(),
            batch_size: 50,
            window: Duration::from_secs(1),
            retries: Some(8),
            record_age: Some(Duration::from_secs(43_200)),
            bisects: true,
            reports_failures: true,
            filters: vec![Filter::parse(r#"{"eventName": ["INSERT"]}"#).unwrap()],
            failures: Some("Failures".to_owned()),
        };
        assert_eq!(read_text(EVENT).unwrap(), [expected]);
    }

    #[test]
    fn what_a_mapping_leaves_out_is_as_on_aws() {
        let short = "
Entries: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}}";
        let expected = Mapping {
            function: "project".to_owned(),
            event: "Entries".to_owned(),
            batch_size: 100,
            window: Duration::ZERO,
            retries: None,
            record_age: None,
            bisects: false,
            reports_failures: false,
            filters: Vec::new(),
            failures: None,
        };
        assert_eq!(read_text(short).unwrap(), [expected]);
        assert!(read_text("{}").unwrap().is_empty());
    }

    #[test]
    fn a_mapping_that_cannot_be_enforced_is_refused() {
        let changes = [
            ("Type: DynamoDB", "Type: Schedule"),
            ("TRIM_HORIZON", "LATEST"),
            ("Factor: 1", "Factor: 2"),
            ("BatchSize: 50", "BatchSize: 0"),
            ("BatchSize: 50", "BatchSize: 10001"),
            ("BatchSize: 50", "BatchSize: !Ref Size"),
            ("BatchSize: 50", "TumblingWindowInSeconds: 5"),
            ("BatchSize: 50", "Enabled: false"),
            ("InSeconds: 1\n", "InSeconds: 301\n"),
            ("43200", "59"),
            ("Attempts: 8", "Attempts: -2"),
            ("[ReportBatchItemFailures]", "[Others]"),
            (r#"["INSERT"]"#, r#"[{"suffix": "T"}]"#),
            ("Type: SQS", "Type: SNS"),
            ("Failures.Arn", "Topic.Arn"),
            ("Failures.Arn", "Failures.QueueName"),
            ("UsesRestoredTable", "IsProduction"),
            ("Table.StreamArn", "Other.StreamArn"),
            ("Table.StreamArn", "Table.Arn"),
            ("Table.StreamArn", "Missing.StreamArn"),
        ];
        for (from, to) in changes {
            let changed = EVENT.replacen(from, to, 1);
            assert_ne!(changed, EVENT, "{from}");
            assert!(read_text(&changed).is_err(), "{to}");
        }
    }
}
