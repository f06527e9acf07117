//! The numbers of a hub's node in its cluster, for the `metrics` facade.

use super::metrics::{Meters, Read};
use crate::cluster::{ClusterNode, Stats};
use ::metrics::{Unit, describe_counter, describe_gauge};

const GAUGES: [Read; 12] = [
    ("throng_cluster_ready", Unit::Count, "1 while the link to the broker is proven"),
    ("throng_cluster_nodes", Unit::Count, "Nodes of the cluster, this one included"),
    ("throng_cluster_clients", Unit::Count, "Clients of all nodes"),
    ("throng_cluster_users", Unit::Count, "Users, counted once for each node"),
    ("throng_cluster_rooms", Unit::Count, "Rooms, counted once for each node"),
    ("throng_cluster_known_rooms", Unit::Count, "Rooms of all nodes that this node knows of, each once"),
    ("throng_cluster_room_bytes", Unit::Bytes, "What other nodes have told of their rooms, in memory"),
    (
        "throng_cluster_nodes_behind",
        Unit::Count,
        "Nodes whose rooms are asked for, or do not fit in room_bytes",
    ),
    ("throng_cluster_queued_messages", Unit::Count, "Messages that wait for the broker"),
    ("throng_cluster_queued_bytes", Unit::Bytes, "Their bytes"),
    ("throng_cluster_subscriptions", Unit::Count, "Subjects to which the node is subscribed"),
    ("throng_cluster_probe_seconds", Unit::Seconds, "Time of the last probe from this node to itself"),
];

const COUNTERS: [Read; 12] = [
    ("throng_cluster_relayed_total", Unit::Count, "Messages that were queued for other nodes"),
    ("throng_cluster_relayed_bytes_total", Unit::Bytes, "Bytes of their payloads"),
    ("throng_cluster_not_relayed_total", Unit::Count, "Messages that no other node gets, by reason"),
    ("throng_cluster_received_total", Unit::Count, "Messages that the broker handed in"),
    ("throng_cluster_received_bytes_total", Unit::Bytes, "Their bytes"),
    ("throng_cluster_delivered_total", Unit::Count, "Messages and commands of other nodes for this hub"),
    ("throng_cluster_lost_total", Unit::Count, "Messages of other nodes that were lost on the way"),
    (
        "throng_cluster_ignored_total",
        Unit::Count,
        "Messages from the broker that were not delivered, by reason",
    ),
    (
        "throng_cluster_room_pages_total",
        Unit::Count,
        "Pages of rooms that were asked for, since changes were lost",
    ),
    ("throng_cluster_rooms_cut_total", Unit::Count, "Rooms, members and infos that were left out, by reason"),
    ("throng_cluster_malformed_total", Unit::Count, "Messages from the broker that cannot be read, by kind"),
    ("throng_cluster_links_total", Unit::Count, "Links to the broker: opened, and lost"),
];

impl Meters {
    pub(super) fn describe_cluster() {
        for (name, unit, text) in GAUGES {
            describe_gauge!(name, unit, text);
        }
        for (name, unit, text) in COUNTERS {
            describe_counter!(name, unit, text);
        }
    }

    pub(super) fn cluster(&self, node: &ClusterNode) {
        let (stats, totals) = (node.stats(), node.totals());
        self.gauge("throng_cluster_ready", &[], u8::from(node.is_ready()).into());
        self.gauge("throng_cluster_nodes", &[], totals.nodes as f64);
        self.gauge("throng_cluster_clients", &[], totals.counts.clients as f64);
        self.gauge("throng_cluster_users", &[], totals.counts.users as f64);
        self.gauge("throng_cluster_rooms", &[], totals.counts.rooms as f64);
        self.gauge("throng_cluster_known_rooms", &[], stats.rooms as f64);
        self.gauge("throng_cluster_room_bytes", &[], stats.room_bytes as f64);
        self.gauge("throng_cluster_nodes_behind", &[], stats.nodes_behind as f64);
        self.gauge("throng_cluster_queued_messages", &[], stats.queue_messages as f64);
        self.gauge("throng_cluster_queued_bytes", &[], stats.queue_bytes as f64);
        self.gauge("throng_cluster_subscriptions", &[], stats.subscriptions as f64);
        self.gauge("throng_cluster_probe_seconds", &[], stats.probe.as_secs_f64());
        self.counter("throng_cluster_relayed_total", &[], stats.relayed);
        self.counter("throng_cluster_relayed_bytes_total", &[], stats.relayed_bytes);
        for (reason, count) in [("queue_full", stats.dropped), ("refused", node.refused())] {
            self.counter("throng_cluster_not_relayed_total", &[("reason", reason)], count);
        }
        self.received(&stats);
        self.counter("throng_cluster_room_pages_total", &[], stats.room_pages);
        for (reason, count) in [("room_bytes", stats.rooms_refused), ("info_too_long", stats.infos_cut)] {
            self.counter("throng_cluster_rooms_cut_total", &[("reason", reason)], count);
        }
        for (what, count) in [("opened", stats.connects), ("lost", stats.disconnects)] {
            self.counter("throng_cluster_links_total", &[("what", what)], count);
        }
    }

    fn received(&self, stats: &Stats) {
        self.counter("throng_cluster_received_total", &[], stats.received);
        self.counter("throng_cluster_received_bytes_total", &[], stats.received_bytes);
        self.counter("throng_cluster_delivered_total", &[], stats.delivered);
        self.counter("throng_cluster_lost_total", &[], stats.lost);
        let ignored = [
            ("own", stats.echoes),
            ("repeated", stats.repeated),
            ("late", stats.late),
            ("outdated", stats.outdated),
            ("unwanted", stats.unwanted),
            ("gone", stats.gone),
            ("too_many_nodes", stats.refused_nodes),
            ("overrun", stats.overrun),
            ("broker", stats.broker_dropped),
        ];
        for (reason, count) in ignored {
            self.counter("throng_cluster_ignored_total", &[("reason", reason)], count);
        }
        for (defect, count) in stats.malformed.iter() {
            self.counter("throng_cluster_malformed_total", &[("kind", defect.name())], count);
        }
    }
}
