//! What a running consumption asks the cluster, apart from its supervision: a broker that does not answer holds up nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::plan::Plan;
use super::start::{Bounds, ends_at_time};
use crate::cluster::{Cluster, TopicView};
use crate::error::Result;
use crate::position::{Offset, Partition};

/// A question to the cluster.
#[derive(Debug)]
pub(super) enum Question {
    /// Who leads what?
    View,
    /// What does the log hold of a partition, whose position it did not hold?
    Bounds { partition: Partition, position: Offset },
    /// Where do these partitions end at this time (ms)?
    EndsAt { time: i64, partitions: Vec<Partition> },
}

/// What the cluster says.
pub(super) enum Answer {
    View(Result<Arc<TopicView>>),
    Bounds { partition: Partition, position: Offset, bounds: Result<(Offset, Offset)> },
    EndsAt { time: i64, ends: Result<BTreeMap<Partition, Offset>> },
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
            Question::View => Answer::View(cluster.topic(&plan.topic).await.map(Arc::new)),
            Question::Bounds { partition, position } => {
                let bounds = Bounds::ask(plan, &mut cluster, &[partition]).await.map(|bounds| bounds.of(partition));
                if bounds.is_err() {
                    // It will be asked again.
                    tokio::time::sleep(plan.settings.retry_backoff_max).await;
                }
                Answer::Bounds { partition, position, bounds }
            }
            Question::EndsAt { time, partitions } => {
                Answer::EndsAt { time, ends: ends_at_time(plan, &mut cluster, &partitions, time).await }
            }
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}
