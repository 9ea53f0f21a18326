//! `kolumn topics`: what a cluster has.

use std::io::{self, Write};

use serde::Serialize;

use crate::arguments::TopicsArguments;
use crate::exit::Failure;
use crate::source::{self, TopicPartition, TopicSeen};

/// Runs the verb.
pub(crate) async fn run(arguments: &TopicsArguments) -> Result<(), Failure> {
    let pattern = arguments.pattern.clone();
    let wanted = move |name: &str| pattern.as_ref().is_none_or(|pattern| matches(pattern, name));
    let mut topics = source::topics(&source::properties(&arguments.connection)?, wanted).await?;
    topics.sort_by(|left, right| left.name.cmp(&right.name));
    topics.retain(|topic| arguments.pattern.is_some() || !topic.internal);
    if let Some(pattern) = arguments.pattern.as_ref().filter(|_| topics.is_empty()) {
        return Err(Failure::NotFound(format!("no topic is named {pattern:?}; kolumn topics lists them all")));
    }
    let text = if arguments.json { as_json(&topics) } else { as_table(&topics) };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Output(error.to_string()),
    })
}

/// Whether `name` is of the form of `pattern`: `*` stands for any characters, `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // Places in the pattern where the name so far may be.
    let mut places = vec![0_usize];
    for character in name.chars().map(Some).chain([None]) {
        let mut open = Vec::new();
        for place in places {
            let mut place = place;
            while pattern.get(place) == Some(&'*') {
                open.push(place);
                place += 1;
            }
            open.push(place);
        }
        let Some(character) = character else { return open.contains(&pattern.len()) };
        places = open
            .into_iter()
            .filter_map(|place| match pattern.get(place)? {
                '*' => Some(place),
                '?' => Some(place + 1),
                wanted if *wanted == character => Some(place + 1),
                _ => None,
            })
            .collect();
        places.sort_unstable();
        places.dedup();
    }
    false
}

fn messages(partition: &TopicPartition) -> Option<i64> {
    Some(partition.next?.saturating_sub(partition.first?).max(0))
}

fn as_table(topics: &[TopicSeen]) -> String {
    let list = |nodes: &[i32]| nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let known = |number: Option<i64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let mut lines: Vec<[String; 8]> =
        vec![["topic", "partition", "first", "next", "messages", "leader", "replicas", "in sync"].map(str::to_owned)];
    for topic in topics {
        for partition in &topic.partitions {
            lines.push([
                topic.name.clone(),
                partition.partition.to_string(),
                known(partition.first),
                known(partition.next),
                known(messages(partition)),
                partition.leader.map_or_else(|| "none".to_owned(), |leader| leader.to_string()),
                list(&partition.replicas),
                list(&partition.in_sync),
            ]);
        }
    }
    let mut widths = [0; 8];
    for line in &lines {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = text.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (index, (value, width)) in line.iter().zip(widths).enumerate() {
            // Offsets and counts are read from the right.
            let value = if (1..=4).contains(&index) { format!("{value:>width$}") } else { format!("{value:<width$}") };
            row.push_str(&value);
            row.push_str("  ");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[derive(Serialize)]
struct TopicLine<'a> {
    topic: &'a str,
    internal: bool,
    messages: i64,
    partitions: Vec<PartitionLine<'a>>,
}

#[derive(Serialize)]
struct PartitionLine<'a> {
    partition: i32,
    first: Option<i64>,
    next: Option<i64>,
    messages: Option<i64>,
    leader: Option<i32>,
    replicas: &'a [i32],
    in_sync: &'a [i32],
}

fn as_json(topics: &[TopicSeen]) -> String {
    let mut text = String::new();
    for topic in topics {
        let line = TopicLine {
            topic: &topic.name,
            internal: topic.internal,
            messages: topic.partitions.iter().filter_map(messages).fold(0, i64::saturating_add),
            partitions: topic
                .partitions
                .iter()
                .map(|partition| PartitionLine {
                    partition: partition.partition,
                    first: partition.first,
                    next: partition.next,
                    messages: messages(partition),
                    leader: partition.leader,
                    replicas: &partition.replicas,
                    in_sync: &partition.in_sync,
                })
                .collect(),
        };
        text.push_str(&serde_json::to_string(&line).unwrap_or_default());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> Vec<TopicSeen> {
        let partition = |partition, first, next, leader| TopicPartition {
            partition,
            first: Some(first),
            next: Some(next),
            leader,
            replicas: vec![1, 2],
            in_sync: vec![1],
        };
        vec![TopicSeen {
            name: "orders".into(),
            internal: false,
            partitions: vec![partition(0, 5, 1_005, Some(1)), partition(1, 0, 0, None)],
        }]
    }

    #[test]
    fn people_see_a_line_for_each_partition() {
        assert_eq!(
            as_table(&topics()),
            "topic   partition  first  next  messages  leader  replicas  in sync\n\
             orders          0      5  1005      1000  1       1,2       1\n\
             orders          1      0     0         0  none    1,2       1\n"
        );
    }

    #[test]
    fn scripts_see_a_line_for_each_topic() {
        assert_eq!(
            as_json(&topics()),
            "{\"topic\":\"orders\",\"internal\":false,\"messages\":1000,\"partitions\":[\
             {\"partition\":0,\"first\":5,\"next\":1005,\"messages\":1000,\"leader\":1,\"replicas\":[1,2],\"in_sync\":[1]},\
             {\"partition\":1,\"first\":0,\"next\":0,\"messages\":0,\"leader\":null,\"replicas\":[1,2],\"in_sync\":[1]}]}\n"
        );
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("orders", "orders", true),
            ("order", "orders", false),
            ("order*", "orders", true),
            ("*", "", true),
            ("*der*", "orders", true),
            ("o?ders", "orders", true),
            ("?", "", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_malicious_pattern_ends_soon() {
        assert!(!matches(&"*a".repeat(60), &"a".repeat(59)));
    }
}
