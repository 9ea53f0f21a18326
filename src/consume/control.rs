//! The control thread: starts a consumption, or asks one question, in a runtime of its own.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Instrument;

use super::Handle;
use super::lanes::{Lanes, thread_error};
use super::plan::{Draft, Plan};
use super::start::{assignments, selected};
use super::supervision::Control;
use crate::cluster::{Backoff, Cluster, TopicView};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::fetch::FetchSettings;
use crate::ingest::LaneSettings;
use crate::position::Partition;
use crate::table::{Allowance, Budget, CycleSettings, Publisher};
use crate::wire::{Transport, WireSettings, transport};

/// Begins a consumption on a control thread of its own, and waits until its table exists.
pub(super) async fn launch(draft: Draft) -> Result<Handle> {
    let (ready, started) = oneshot::channel();
    on_thread(async move || match draft.transport() {
        Ok(transport) => {
            let span = tracing::info_span!("consume", topic = draft.topic());
            run(draft, transport, ready).instrument(span).await;
        }
        Err(error) => {
            let _ = ready.send(Err(error));
        }
    })?;
    started.await.unwrap_or_else(|_| Err(Error::Panicked { what: "the start".into(), reason: "see stderr".into() }))
}

/// Asks the cluster one question, on a thread of its own.
pub(super) async fn ask<T: Send + 'static>(
    settings: Settings,
    wire: WireSettings,
    question: impl AsyncFnOnce(&mut Cluster) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (mut ready, answer) = oneshot::channel();
    let limit = settings.api_timeout;
    let run = async move || {
        let asked = async {
            let mut cluster = Cluster::connect(transport(&settings, None)?, wire, &settings).await?;
            question(&mut cluster).await
        };
        let answer = tokio::select! {
            biased;
            () = ready.closed() => return,
            answer = tokio::time::timeout(limit, asked) => answer,
        };
        let late = |_| Err(Error::Timeout { what: "asking the cluster (default.api.timeout.ms)".into(), limit });
        // A question that nobody waits for any more needs no answer.
        let _ = ready.send(answer.unwrap_or_else(late));
    };
    on_thread(run)?;
    answer.await.unwrap_or_else(|_| Err(Error::Panicked { what: "the question".into(), reason: "see stderr".into() }))
}

/// Runs a future on a thread with a runtime of its own.
pub(super) fn on_thread(run: impl AsyncFnOnce() + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| thread_error("the control thread's runtime", &error))?;
    std::thread::Builder::new()
        .name("kolumn".into())
        .spawn(move || {
            runtime.block_on(run());
            // A resolver that hangs must not hold the thread.
            runtime.shutdown_background();
        })
        .map(drop)
        .map_err(|error| thread_error("the control thread", &error))
}

/// The whole life of a consumption, as a future.
pub(super) async fn run(draft: Draft, transport: Arc<dyn Transport>, mut ready: oneshot::Sender<Result<Handle>>) {
    let limit = draft.limit();
    let started = tokio::select! {
        biased;
        () = ready.closed() => return,
        started = tokio::time::timeout(limit, start(draft, transport)) => started,
    };
    match started {
        Ok(Ok((life, handle))) => {
            // A handle that nobody takes is dropped, and that requests the stop.
            let _ = ready.send(Ok(handle));
            life.await;
        }
        Ok(Err(error)) => {
            let _ = ready.send(Err(error));
        }
        Err(_) => {
            let what = "starting the consumption (default.api.timeout.ms)".to_owned();
            let _ = ready.send(Err(Error::Timeout { what, limit }));
        }
    }
}

async fn start(draft: Draft, transport: Arc<dyn Transport>) -> Result<(impl Future<Output = ()>, Handle)> {
    let plan = draft.settle().await?;
    let settings = &plan.settings;
    let mut cluster = Cluster::connect(Arc::clone(&transport), plan.wire.clone(), settings).await?;
    let (view, selected) = find(&plan, &mut cluster).await?;
    let assignments = assignments(&plan, &mut cluster, &selected).await?;

    if let Some(registry) = &plan.registry {
        cluster.metrics().count_schemas(registry.metrics());
    }
    let budget = Budget::new(settings.memory_budget);
    let cycles = CycleSettings {
        cycle: settings.cycle,
        chunk_rows: settings.chunk_rows,
        error_table: plan.error_table.unwrap_or(CycleSettings::default().error_table),
        metrics: Arc::clone(cluster.metrics()),
    };
    let publisher = Publisher::new(Arc::clone(&plan.topic), cycles, budget.clone());
    let handle = if plan.by_partition {
        Handle::Partitioned(publisher.partitioned(Arc::clone(&plan.schema), plan.table_type))
    } else {
        let table = publisher.plain(Arc::clone(&plan.schema), plan.table_type);
        // Before the first record is asked for: no cycle comes before this subscriber.
        let updates = table.updates();
        Handle::Plain(table, updates)
    };
    let allowance = Allowance::new(plan.limit);
    let retry = Backoff { initial: settings.retry_backoff, max: settings.retry_backoff_max };
    let lane_settings = LaneSettings {
        topic: Arc::clone(&plan.topic),
        transport,
        wire: plan.wire.clone(),
        reconnect: Backoff { initial: settings.reconnect_backoff, max: settings.reconnect_backoff_max },
        fetch: FetchSettings {
            min_bytes: settings.fetch_min_bytes,
            max_wait: settings.fetch_max_wait,
            max_bytes: settings.fetch_max_bytes,
            max_partition_bytes: settings.fetch_max_partition_bytes,
            read_committed: settings.read_committed,
            in_flight: settings.fetches_in_flight,
            retry,
            rack: settings.rack.clone(),
            follower_lease: settings.metadata_max_age,
        },
        schemas: plan.schemas.clone(),
        seed: fastrand::u64(..),
    };
    let lanes = Lanes::new(&plan, lane_settings, publisher.clone(), budget, allowance.clone(), Arc::clone(&view));
    let (mut control, asked) = Control::new(plan, publisher, allowance, lanes, view);
    control.start(assignments)?;
    Ok((control.run(cluster, asked), handle))
}

/// The topic and those of its partitions that are read. What is not there is waited for, for as long as `kolumn.wait.for.topic.ms` says.
async fn find(plan: &Plan, cluster: &mut Cluster) -> Result<(Arc<TopicView>, Vec<Partition>)> {
    let deadline = Instant::now() + plan.settings.wait_for_topic;
    loop {
        let view = cluster.topic(&plan.topic).await;
        let found = view.and_then(|view| selected(plan, &view).map(|selected| (Arc::new(view), selected)));
        match found {
            Err(error @ (Error::UnknownTopic { .. } | Error::UnknownPartition { .. })) if Instant::now() < deadline => {
                tracing::info!(%error, "waiting for it");
                tokio::time::sleep(plan.settings.retry_backoff_max).await;
            }
            outcome => return outcome,
        }
    }
}
