//! The DynamoDB table. Only this crate calls it; everything else goes through a [`Store`](super::Store).

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::{
    Client,
    config::Intercept,
    error::{ProvideErrorMetadata, SdkError},
    operation::query::builders::QueryFluentBuilder,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, KeysAndAttributes,
        Projection, ProjectionType, PutRequest, ScalarAttributeType, StreamSpecification, StreamViewType,
        TimeToLiveSpecification, WriteRequest,
    },
};

use super::{
    action::Guard,
    entity::{Entity, Item, Stored, from_item, key_item, number, text, to_item},
    key::{GSI1, GSI1PK, GSI1SK, Key, PK, SK, TTL},
    range::{Range, Sort},
};
use crate::{Error, Result};

/// DynamoDB takes this many keys in one batch.
const BATCH_KEYS: usize = 100;
/// The number of requests for the part of a batch that DynamoDB leaves unprocessed.
const BATCH_ATTEMPTS: u32 = 3;

/// The table that holds everything.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// Items of a range that DynamoDB has returned at once.
pub(super) struct Chunk {
    pub(super) items: Vec<Item>,
    /// Where to go on, if anything is left.
    pub(super) next: Option<Item>,
    /// The read units that it was charged with.
    pub(super) units: f64,
}

impl Table {
    /// The table `name`, reached through `client`.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The same table for calls that pass an interceptor, such as one that knows what a role may do.
    #[must_use]
    pub fn under(&self, interceptor: impl Intercept + 'static) -> Self {
        let config = self.client.config().to_builder().interceptor(interceptor).build();
        Self { client: Client::from_conf(config), name: self.name.clone() }
    }

    /// Makes the table where it does not exist yet, as the template makes it on AWS, and starts the stream of one that
    /// has none.
    ///
    /// # Errors
    /// 500 when DynamoDB refuses.
    pub async fn ensure_exists(&self) -> Result<()> {
        let described = match self.client.describe_table().table_name(&self.name).send().await {
            Ok(described) => described.table,
            Err(error) if error.code() == Some("ResourceNotFoundException") => return self.make().await,
            Err(error) => return Err(failed(error)),
        };
        let stream = described.and_then(|table| table.stream_specification);
        if stream.is_some_and(|stream| stream.stream_enabled) {
            return Ok(());
        }
        let request = self.client.update_table().table_name(&self.name).stream_specification(stream_of_images()?);
        request.send().await.map_err(failed).map(|_| ())
    }

    async fn make(&self) -> Result<()> {
        let element = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(Error::internal)
        };
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(Error::internal)
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name(GSI1)
            .key_schema(element(GSI1PK, KeyType::Hash)?)
            .key_schema(element(GSI1SK, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(Error::internal)?;
        let mut request = self
            .client
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(element(PK, KeyType::Hash)?)
            .key_schema(element(SK, KeyType::Range)?)
            .global_secondary_indexes(index)
            .stream_specification(stream_of_images()?);
        for name in [PK, SK, GSI1PK, GSI1SK] {
            request = request.attribute_definitions(attribute(name)?);
        }
        request.send().await.map_err(failed)?;
        let ttl =
            TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build().map_err(Error::internal)?;
        self.client
            .update_time_to_live()
            .table_name(&self.name)
            .time_to_live_specification(ttl)
            .send()
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// One item, read consistently.
    pub(crate) async fn get<E: Entity>(&self, key: &Key) -> Result<Option<Stored<E>>> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key_item(key))).consistent_read(true);
        match request.send().await.map_err(failed)?.item {
            Some(item) => from_item(item),
            None => Ok(None),
        }
    }

    /// The items with these keys, read consistently in one round trip; those that do not exist are left out.
    pub(super) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        // DynamoDB refuses a key that is there twice, and more keys than it takes.
        let keys: Vec<&Key> = keys.iter().collect::<HashSet<_>>().into_iter().collect();
        for keys in keys.chunks(BATCH_KEYS) {
            items.extend(self.get_batch(keys).await?);
        }
        Ok(items)
    }

    async fn get_batch(&self, keys: &[&Key]) -> Result<Vec<Item>> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(|key| key_item(key)).collect()))
            .consistent_read(true)
            .build()
            .map_err(Error::internal)?;
        let mut wanted = HashMap::from([(self.name.clone(), keys)]);
        let mut items = Vec::new();
        // DynamoDB may leave some of the keys for another try.
        for _ in 0..BATCH_ATTEMPTS {
            let found = self.client.batch_get_item().set_request_items(Some(wanted)).send().await.map_err(failed)?;
            items.extend(found.responses.and_then(|mut tables| tables.remove(&self.name)).unwrap_or_default());
            wanted = found.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(items);
            }
        }
        Err(Error::internal("DynamoDB left keys of a batch unprocessed"))
    }

    /// The items of a range, as they are, from `start` on: at most `limit`, as many as DynamoDB returns at once.
    pub(super) async fn query_chunk(&self, range: &Range, start: Option<Item>, limit: Option<usize>) -> Result<Chunk> {
        let page = self
            .range(range)
            .set_exclusive_start_key(start)
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .send()
            .await
            .map_err(failed)?;
        Ok(Chunk {
            units: page.consumed_capacity.and_then(|consumed| consumed.capacity_units).unwrap_or_default(),
            items: page.items.unwrap_or_default(),
            next: page.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    /// All items of a range, as they are.
    pub(super) async fn query_items(&self, range: &Range) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let chunk = self.query_chunk(range, start, None).await?;
            items.extend(chunk.items);
            start = chunk.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// All entities of a range.
    pub(crate) async fn query<E: Entity>(&self, range: &Range) -> Result<Vec<Stored<E>>> {
        self.query_items(range).await?.into_iter().filter_map(|item| from_item(item).transpose()).collect()
    }

    fn range(&self, range: &Range) -> QueryFluentBuilder {
        let (pk, sk) = if range.is_indexed { (GSI1PK, GSI1SK) } else { (PK, SK) };
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(range.is_indexed.then(|| GSI1.to_owned()))
            // An index cannot be read consistently.
            .set_consistent_read((!range.is_indexed && !range.is_eventual).then_some(true))
            .scan_index_forward(!range.is_descending)
            .expression_attribute_names("#pk", pk)
            .expression_attribute_values(":pk", text(&range.partition));
        match &range.sort {
            Sort::Prefix(prefix) if prefix.is_empty() => request.key_condition_expression("#pk = :pk"),
            Sort::Prefix(prefix) => request
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                .expression_attribute_names("#sk", sk)
                .expression_attribute_values(":prefix", text(prefix)),
            Sort::Between(low, high) => request
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :low AND :high")
                .expression_attribute_names("#sk", sk)
                .expression_attribute_values(":low", text(low))
                .expression_attribute_values(":high", text(high)),
        }
    }

    /// Changes one item of numbers in place under a condition; false when the condition did not hold. Every change sets
    /// `#ttl`, the item's expiry, since only items that expire are changed this way.
    pub(crate) async fn update_if<const N: usize>(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: [(&str, i64); N],
    ) -> Result<bool> {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), number(value))).collect();
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update)
            .condition_expression(condition)
            .expression_attribute_names("#ttl", TTL)
            .set_expression_attribute_values(Some(values));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// The number of items that [`Self::put_batch`] takes.
    pub(super) const BATCH_PUTS: usize = 25;

    /// Stores items, each apart from the others, in place of what was there.
    pub(super) async fn put_batch(&self, items: Vec<Item>) -> Result<()> {
        let put = |item: Item| {
            let put = PutRequest::builder().set_item(Some(item)).build().map_err(Error::internal)?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        let items: Vec<WriteRequest> = items.into_iter().map(put).collect::<Result<_>>()?;
        let mut wanted = HashMap::from([(self.name.clone(), items)]);
        for _ in 0..BATCH_ATTEMPTS {
            let written =
                self.client.batch_write_item().set_request_items(Some(wanted)).send().await.map_err(failed)?;
            wanted = written.unprocessed_items.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        Err(Error::internal("DynamoDB left items of a batch unprocessed"))
    }

    /// Stores an entity that must not exist yet; false when it does.
    pub(crate) async fn put_new<E: Entity>(&self, entity: &E) -> Result<bool> {
        self.put_if(to_item(entity, 1)?, Guard::Absent).await
    }

    /// Stores an item under a guard; false when the guard does not hold.
    pub(super) async fn put_if(&self, item: Item, guard: Guard<'_>) -> Result<bool> {
        let condition = guard.condition();
        let request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.expression);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes an item where it exists.
    pub(crate) async fn remove(&self, key: &Key) -> Result<()> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(key_item(key)));
        request.send().await.map_err(failed).map(|_| ())
    }
}

/// The stream of the table: each change with the item as it is afterwards.
fn stream_of_images() -> Result<StreamSpecification> {
    StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .map_err(Error::internal)
}

/// A failure of DynamoDB, for the log.
pub(crate) fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    SdkError<E, R>: std::error::Error,
{
    Error::internal(aws_sdk_dynamodb::error::DisplayErrorContext(error))
}
