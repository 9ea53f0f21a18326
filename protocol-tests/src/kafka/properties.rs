//! The properties of one node.

use std::path::Path;

/// What the properties of a node depend on.
pub(super) struct NodePlan<'a> {
    pub(super) node: i32,
    pub(super) client_port: u16,
    pub(super) controller_port: u16,
    /// Node id and controller port of every node of the cluster.
    pub(super) voters: &'a [(i32, u16)],
    pub(super) data: &'a Path,
    /// What the test asked for; it counts where it says otherwise.
    pub(super) own: &'a [(String, String)],
}

/// The text of `server.properties`.
pub(super) fn server_properties(plan: &NodePlan<'_>) -> String {
    let voters: Vec<String> = plan.voters.iter().map(|(node, port)| format!("{node}@127.0.0.1:{port}")).collect();
    let replicas = plan.voters.len().min(3);
    let mut lines = vec![
        ("process.roles", "broker,controller".to_owned()),
        ("node.id", plan.node.to_string()),
        ("broker.rack", format!("rack{}", plan.node)),
        ("controller.quorum.voters", voters.join(",")),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("listeners", format!("PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}", plan.client_port, plan.controller_port)),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned()),
        ("inter.broker.listener.name", "PLAINTEXT".to_owned()),
        ("log.dirs", plan.data.display().to_string()),
        ("default.replication.factor", replicas.to_string()),
        ("offsets.topic.replication.factor", replicas.to_string()),
        ("offsets.topic.num.partitions", "1".to_owned()),
        ("transaction.state.log.replication.factor", replicas.to_string()),
        ("transaction.state.log.min.isr", "1".to_owned()),
        ("transaction.state.log.num.partitions", "1".to_owned()),
        ("share.coordinator.state.topic.replication.factor", replicas.to_string()),
        ("share.coordinator.state.topic.min.isr", "1".to_owned()),
        ("group.initial.rebalance.delay.ms", "0".to_owned()),
        ("auto.create.topics.enable", "false".to_owned()),
        // The workloads' records are of the future; an hour ahead is the limit otherwise.
        ("log.message.timestamp.after.max.ms", i64::MAX.to_string()),
        // Small: 8 MB for the cleaner instead of 128 MB.
        ("log.cleaner.dedupe.buffer.size", "8388608".to_owned()),
        ("log.cleaner.threads", "1".to_owned()),
        // A killed broker may register again only when its old session is over: 9 s by default.
        ("broker.session.timeout.ms", if plan.voters.len() == 1 { "1000" } else { "3000" }.to_owned()),
        ("broker.heartbeat.interval.ms", "200".to_owned()),
    ];
    if plan.voters.len() > 1 {
        lines.extend([
            ("replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector".to_owned()),
            ("replica.lag.time.max.ms", "3000".to_owned()),
            ("controller.quorum.election.timeout.ms", "500".to_owned()),
            ("controller.quorum.fetch.timeout.ms", "1000".to_owned()),
        ]);
    }
    let own = plan.own.iter().map(|(key, value)| format!("{key}={value}\n"));
    let ours = lines.into_iter().map(|(key, value)| format!("{key}={value}\n"));
    // Of a property that is given twice, Java takes the last.
    ours.chain(own).collect()
}

/// The text of `meta.properties`, which says whose log a data folder is.
pub(super) fn meta_properties(node: i32, cluster_id: &str) -> String {
    // A directory id is 16 bytes in base64url without padding; the 22nd character may only be A, Q, g or w.
    format!("version=1\ncluster.id={cluster_id}\nnode.id={node}\ndirectory.id=a29sdW1uLW5vZGUtM{node:04}A\n")
}
