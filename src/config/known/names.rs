//! Nothing is forgotten: the names of both clients, and what becomes of them here.

use super::{Effect, Property};

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

#[track_caller]
fn known(name: &str) -> &'static Property {
    Property::find(name).unwrap_or_else(|| panic!("{name} is not in the table"))
}

#[test]
fn every_consumer_property_of_the_java_client_is_known_and_none_is_a_producers() {
    let list = include_str!("names/java_consumer.txt");
    assert!(names(list).count() > 110);
    for name in names(list) {
        assert_ne!(known(name).effect, Effect::Producer, "{name}");
    }
}

#[test]
fn every_producer_property_of_the_java_client_is_a_producers() {
    for name in names(include_str!("names/java_producer.txt")) {
        // librdkafka has it for consumers too.
        if name != "max.in.flight.requests.per.connection" {
            assert_eq!(known(name).effect, Effect::Producer, "{name}");
        }
    }
}

#[test]
fn every_property_of_librdkafka_is_known_and_only_a_producers_is_a_producers() {
    let list = include_str!("names/librdkafka.txt");
    assert!(names(list).count() > 180);
    for line in names(list) {
        let (name, whose) = line.split_once(' ').expect("a name and whose it is");
        // In the Java client it is every client's.
        let producer = whose == "P" && name != "request.timeout.ms";
        assert_eq!(known(name).effect == Effect::Producer, producer, "{name}");
    }
}
