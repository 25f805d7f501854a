//! `raw` with OpenTelemetry, as it is usually deployed on Lambda: a span for each request, which continues the trace of
//! the invocation and is exported as OTLP over HTTP to a collector next to the function.

use contestants::{Function, Request, Response};
use lambda_runtime::{Context as Invocation, Error, LambdaEvent, run, service_fn};
use opentelemetry::{
    Context, KeyValue,
    trace::{Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_aws::trace::xray_propagator::span_context_from_str;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build()?;
    // The batch processor exports on a thread of its own, where the exporter may block.
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let tracer = provider.tracer("raw");
    let function = Function::start().await;
    run(service_fn(async |event: LambdaEvent<Request>| {
        let answer = traced(&function, &tracer, &event).await;
        // The sandbox freezes after the answer, so the span is exported before it.
        provider.force_flush()?;
        answer
    }))
    .await
}

async fn traced(function: &Function, tracer: &SdkTracer, event: &LambdaEvent<Request>) -> Result<Response, Error> {
    let mut span = tracer
        .span_builder("GET /v2/user/me")
        .with_kind(SpanKind::Server)
        .with_attributes([KeyValue::new("faas.invocation_id", event.context.request_id.clone())])
        .start_with_context(tracer, &parent(&event.context));
    let answer = function.answer(&event.payload).await;
    if let Err(error) = &answer {
        span.set_status(Status::error(error.to_string()));
    }
    answer
}

/// The segment that Lambda opened for the invocation.
fn parent(invocation: &Invocation) -> Context {
    let header = invocation.xray_trace_id.as_deref().unwrap_or_default();
    span_context_from_str(header).map_or_else(Context::new, |span| Context::new().with_remote_span_context(span))
}
