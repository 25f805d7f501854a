//! Round trips and capacity units of the table, added to the log line of the request that causes them.

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
            BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
        },
    },
    error::BoxError,
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput},
        delete_item::{DeleteItemInput, DeleteItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::{ConsumedCapacity, ReturnConsumedCapacity},
};
use aws_smithy_types::config_bag::{Storable, StoreReplace};

use crate::telemetry::{self, Units};

/// The depth of an attempt.
#[derive(Clone, Copy, Debug)]
struct Depth(u32);

impl Storable for Depth {
    type Storer = StoreReplace<Self>;
}

/// Requests the consumed capacity with each call, and counts it and each round trip, repeated attempts included.
#[derive(Debug)]
pub(crate) struct Meter;

/// The consumed capacity of an output, which is one or several.
trait Consumed {
    fn consumed(&self) -> &[ConsumedCapacity];
}

impl Consumed for Option<ConsumedCapacity> {
    fn consumed(&self) -> &[ConsumedCapacity] {
        self.as_slice()
    }
}

impl Consumed for Option<Vec<ConsumedCapacity>> {
    fn consumed(&self) -> &[ConsumedCapacity] {
        self.as_deref().unwrap_or_default()
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        macro_rules! ask {
            ($($input:ty),+) => {
                $(if let Some(input) = context.input_mut().downcast_mut::<$input>() {
                    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
                })+
            };
        }
        ask!(GetItemInput, BatchGetItemInput, QueryInput);
        ask!(TransactWriteItemsInput, BatchWriteItemInput, PutItemInput, UpdateItemInput, DeleteItemInput);
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Depth(telemetry::round_trip()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Depth(depth)) = config.load::<Depth>() {
            telemetry::round_trip_ended(*depth);
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        macro_rules! count {
            ($units:path: $($output:ty),+) => {
                $(if let Some(output) = output.downcast_ref::<$output>() {
                    let consumed = output.consumed_capacity.consumed().iter();
                    let spent = consumed.filter_map(ConsumedCapacity::capacity_units).sum();
                    telemetry::charged($units(spent));
                })+
            };
        }
        count!(Units::Read: GetItemOutput, QueryOutput, BatchGetItemOutput);
        count!(Units::Write: TransactWriteItemsOutput, BatchWriteItemOutput, PutItemOutput, UpdateItemOutput, DeleteItemOutput);
        Ok(())
    }
}
