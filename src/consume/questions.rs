//! What a running consumption asks the cluster, apart from its supervision: a broker that does not answer holds up nothing else.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::plan::Plan;
use super::start::{Bounds, LogBounds, ends_at_time};
use crate::cluster::{Cluster, EpochEnd, Notice, TopicView};
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

/// A question to the cluster.
#[derive(Debug)]
pub(super) enum Question {
    /// Who leads what?
    View,
    /// What does the log hold of a partition that nobody reads at present?
    Log { inquiry: Inquiry, era: u32 },
    /// Where do these partitions end at this time (ms)?
    EndsAt { time: i64, partitions: Vec<Partition> },
}

/// A position that is in question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inquiry {
    pub(super) partition: Partition,
    pub(super) position: Offset,
    /// The leader epoch of what lies before the position; -1 where it is not known.
    pub(super) epoch: i32,
    /// What the leader said of the end of that epoch, where it said something.
    pub(super) told: Option<EpochEnd>,
}

/// What the log holds of a partition, and of which topic that is.
#[derive(Debug)]
pub(super) struct LogState {
    pub(super) view: TopicView,
    pub(super) bounds: LogBounds,
    /// The end of the epoch that was asked for; none where nothing is known of epochs.
    pub(super) end: Option<EpochEnd>,
}

/// What the cluster says.
pub(super) enum Answer {
    View(Result<TopicView>),
    Log { inquiry: Inquiry, era: u32, state: Result<LogState> },
    EndsAt { time: i64, ends: Result<BTreeMap<Partition, Offset>> },
    Notice(Notice),
}

/// Answers questions, one after the other, until nobody can ask any more.
///
/// # Cancel safety
///
/// Dropping the future closes the connections of the cluster.
pub(super) async fn answer(
    plan: &Plan,
    mut cluster: Cluster,
    mut questions: mpsc::UnboundedReceiver<Question>,
    answers: mpsc::UnboundedSender<Answer>,
) {
    while let Some(question) = questions.recv().await {
        let answer = match question {
            Question::View => Answer::View(cluster.refresh(&plan.topic).await),
            Question::Log { inquiry, era } => Answer::Log { inquiry, era, state: log_state(plan, &mut cluster, &inquiry).await },
            Question::EndsAt { time, partitions } => {
                Answer::EndsAt { time, ends: ends_at_time(plan, &mut cluster, &partitions, time).await }
            }
        };
        let notices = cluster.take_notices().into_iter().map(Answer::Notice);
        for answer in notices.chain([answer]) {
            if answers.send(answer).is_err() {
                return;
            }
        }
    }
}

/// The view comes first: whoever reads the answer must know which topic it is about.
async fn log_state(plan: &Plan, cluster: &mut Cluster, inquiry: &Inquiry) -> Result<LogState> {
    let view = cluster.refresh(&plan.topic).await?;
    let partition = inquiry.partition;
    let Some(known) = view.partitions.get(&partition) else {
        let count = i32::try_from(view.partitions.len()).unwrap_or(i32::MAX);
        return Err(Error::UnknownPartition { topic: plan.topic.to_string(), partition, count });
    };
    let end = match inquiry.epoch {
        0.. => match cluster.epoch_ends(&plan.topic, &[(partition, known.leader_epoch, inquiry.epoch)]).await {
            Ok(ends) => ends.get(&partition).copied(),
            // Brokers before 2.1.
            Err(Error::UnsupportedVersion { .. }) => None,
            Err(error) => return Err(error),
        },
        _ => None,
    };
    let bounds = Bounds::ask(plan, cluster, &[partition]).await?.of(plan, partition);
    Ok(LogState { view, bounds, end })
}
