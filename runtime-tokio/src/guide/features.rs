//! The features of wshub, wsroom and jaz303/hub with their names in throng and the tests that show them.
//!
//! Each row names a feature of the other hub, in its words; what it is called here; and a test, by its file and name, that
//! fails if the feature is missing. (A test of the project checks that each test in these tables exists.) The tests under
//! `tests/conformance/behaviours/hub` run on tokio, under axum, on async-std and on smol. A feature that throng lacks says *not yet*.
//!
//! # What neither has
//!
//! | feature | throng | test |
//! | --- | --- | --- |
//! | authorisation that ends, with a notice before | [`Client::set_expiry`], [`Handler::expiring`] | `tests/conformance/behaviours/hub/expiry.rs::a_client_that_renews_stays_and_one_that_does_not_hears_the_code_of_its_application` |
//! | members listed with information, counts of clients and users, and changes told once a tick to those who watch | [`Hub::presence`], [`Hub::presence_counts`], [`Client::join_with_info`], [`Client::watch_presence`], [`Handler::presence_changed`] | `tests/conformance/behaviours/hub/presence.rs::watchers_are_told_who_joins_and_who_leaves`, `tests/conformance/behaviours/hub/presence.rs::above_the_cap_watchers_hear_only_how_many_there_are`, `core/src/hub/tests/presence_told.rs::ten_thousand_joins_in_a_second_are_one_notice_a_tick_for_ten_thousand_watchers`, `core/src/hub/tests/presence_followed.rs::a_watcher_that_follows_the_rules_ends_with_the_list_as_it_is` |
//! | told when a room gets its first member, and when it loses its last one | [`Handler::occupancy_changed`], [`Builder::on_occupancy_change`] | `core/runtime/src/tests/occupancy.rs::the_first_member_occupies_a_room_and_the_last_one_vacates_it` |
//! | a client that is away stays present | [`Sessions`] with presence | `tests/conformance/behaviours/hub/presence.rs::a_client_that_is_away_and_returns_is_present_all_the_time` |
//! | questions to a peer, with replies, deadlines and cancelling | [`Client::ask`], [`Client::ask_with`] | `tests/conformance/behaviours/hub/asks.rs::a_peer_that_is_asked_replies_by_the_id_and_what_matches_no_question_is_told`, `core/runtime/src/tests/asks.rs::late_repeated_and_forged_replies_are_told_and_counted` |
//!
//! # wshub
//!
//! ## Defaults
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | read and write buffers of 1,024 bytes | none: an idle connection owns no buffer | `core/runtime/src/tests/memory.rs::an_idle_connection_is_small` |
//! | write wait 10 s | [`Deadlines::write`]: 10 s in which a client takes less than [`write_rate`](Deadlines::write_rate) asks for, 1,024 bytes/s | `core/src/hub/tests/write_deadline.rs::a_client_that_takes_nothing_for_10_seconds_is_gone` |
//! | pong wait 60 s | [`Deadlines::pong`]: 60 s without any input, of which the last 6 s count from when a ping was written | `core/src/hub/tests/keepalive.rs::a_client_that_says_nothing_for_60_seconds_is_gone` |
//! | ping period 54 s | [`Deadlines::ping`], 54 s | `core/src/hub/tests/keepalive.rs::a_client_is_pinged_every_54_seconds` |
//! | a ping period that is too long becomes 90 % of the pong wait | an error at the start, which names field and value | `core/src/hub/tests/config.rs::a_field_that_cannot_stand_is_named_with_its_value` |
//! | messages of 512 KiB at most | [`Outbox::message_bytes`], both directions | `tests/conformance/behaviours/hub/frames.rs::a_message_at_the_limit_is_taken_whole_and_in_fragments` |
//! | send queue of 256 messages | [`Outbox::messages`], and [`Outbox::bytes`] | `core/src/hub/tests/policies.rs::an_outbox_holds_256_messages_by_default` |
//! | compression, off | [`Builder::compression`], off | `core/runtime/src/tests/compression/negotiation.rs::it_is_off_unless_the_hub_and_the_client_want_it` |
//! | coalescing, off | [`Builder::coalesce`], off | `core/runtime/src/tests/batching.rs::texts_without_newlines_that_stand_together_share_a_frame` |
//! | same origin, by host and port; a missing one is allowed | [`Origin`], [`AbsentOrigin`] | `core/src/websocket/handshake/tests/origin.rs::by_default_host_and_port_of_the_origin_must_be_those_of_the_request`, `tests/conformance/behaviours/hub/refusals.rs::the_same_origin_or_none_may_connect_unless_the_hub_says_otherwise` |
//! | hook timeout 5 s | [`Builder::hook_limit`], 5 s | `core/runtime/src/tests/hooks/when_late.rs::a_request_that_is_asked_about_for_too_long_is_refused` |
//! | drain timeout 30 s | the deadline of [`Hub::drain`]; [`ServeOptions::drain_deadline`], 60 s | `tests/conformance/behaviours/hub/draining.rs::a_deadline_that_passes_says_how_many_remain_and_the_drain_goes_on` |
//!
//! ## Limits
//!
//! `None` means no limit here, in place of 0.
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | connections | [`Admission::connections`] | `tests/conformance/behaviours/hub/refusals.rs::too_many_connections_are_answered_503_with_when_to_come_again` |
//! | connections of a user | [`Admission::per_user`] | `tests/conformance/behaviours/hub/refusals.rs::a_user_with_too_many_clients_is_answered_429` |
//! | rooms of a client | [`Rooms::per_client`] | `core/src/hub/tests/rooms.rs::a_client_is_in_at_most_1024_rooms` |
//! | clients of a room | [`Rooms::members`] | `core/src/hub/tests/rooms.rs::what_cannot_be_done_with_a_room_changes_nothing` |
//! | message rate, a token bucket | [`Inbound::messages`], a [`Rate`] with any burst | `core/src/rate/tests.rs::at_any_rate_it_is_a_token_bucket_within_two_steps`, `tests/conformance/behaviours/hub/floods.rs::a_flood_is_read_no_faster_than_it_may_come` |
//!
//! Further limits: bytes, addresses, handshakes, control frames, names, queued bytes. [`Hub::reconfigure`] changes them
//! in a running hub. All are in [`Config`].
//!
//! ## Statuses
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | 503 before it is started | alive and not ready, until there is a host | `core/runtime/src/tests/health.rs::a_hub_without_a_host_is_alive_and_not_ready` |
//! | 503 when draining | 503 with Retry-After | `tests/conformance/behaviours/hub/draining.rs::while_draining_newcomers_are_sent_away_and_those_there_are_served` |
//! | 503 when full | 503 with Retry-After; 429 for an address or a user | `core/src/websocket/handshake/tests/unadmitted.rs::what_the_hub_refuses_is_answered_with_a_status_and_when_to_come_again` |
//! | 403 for an origin, or by the hook before connect | 403; the hook answers with any [`Refusal`] | `core/src/websocket/handshake/tests/origin.rs::by_default_host_and_port_of_the_origin_must_be_those_of_the_request`, `tests/conformance/behaviours/hub/hooks.rs::a_request_that_the_application_refuses_is_answered` |
//! | 1013 for a limit that is found out after the upgrade | limits are checked before the upgrade; if a first room fills up meanwhile 1013, or what [`Builder::close_code`] says | `core/runtime/src/tests/hooks/rooms.rs::a_first_room_that_becomes_full_meanwhile_closes_the_client` |
//! | 1001 at shutdown | 1001 | `tests/conformance/behaviours/hub/draining.rs::a_shutdown_closes_everybody_at_once` |
//!
//! ## Sending
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | broadcast, to a room, to a client, to a user | [`Hub::broadcast`], [`Hub::send_to_room`], [`Hub::send_to`], [`Hub::send_to_user`]; [`Hub::publish`] to several at once | `tests/conformance/behaviours/hub/targets.rs::users_and_exceptions_are_targets` |
//! | text, binary | whatever is [`IntoFrame`]: `&str`, `String`, `Vec<u8>`, `Bytes`, a [`Message`] that came, a [`Frame`] | `tests/conformance/behaviours/wire/echo.rs::messages_of_all_sizes_come_back_as_they_were` |
//! | JSON | [`Json`](struct@Json), encoded once | `core/runtime/src/tests/handles.rs::a_value_is_encoded_once_however_many_get_it` |
//! | raw JSON | a text | `tests/conformance/behaviours/hub/targets.rs::a_thousand_messages_arrive_once_and_in_order` |
//! | except a set | [`Publish::except`] | `core/src/hub/tests/publish.rs::who_is_excepted_gets_nothing` |
//! | with a deadline, waiting for room | [`Hub::publish_within`]; to one client [`Client::send_wait`] | `core/runtime/src/tests/within.rs::who_has_room_gets_it_at_once_and_the_others_when_they_have`, `tests/conformance/behaviours/hub/pressure.rs::whoever_waits_for_room_is_served_when_the_client_reads` |
//!
//! ## Rooms
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | join, leave, leave all | [`Client::join`], [`Client::leave`], [`Client::leave_all`], which ask the hooks; [`Hub::join`], [`Hub::leave`], [`Hub::leave_all`], which do not | `core/runtime/src/tests/hooks/rooms.rs::joins_and_leaves_are_told_whoever_asked_for_them` |
//! | members, count, names, exists | [`Hub::members`], [`Hub::member_count`], [`Hub::room_names`], [`Hub::room_count`], [`Hub::room_exists`] | `core/runtime/src/tests/handles.rs::a_hub_answers_every_question_about_clients_users_and_rooms` |
//! | created on first join, gone with the last leave | likewise, unless a room is configured to be kept | `core/src/hub/tests/rooms.rs::a_room_lives_from_the_first_join_to_the_last_leave`, `core/src/hub/tests/room_config.rs::a_kept_room_is_there_before_and_after_its_members` |
//!
//! Further features: [`Hub::configure_room`] (capacity, publishers, policy), [`Hub::close_room`].
//!
//! ## Client
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | id, user id, rooms, in room, connected at, closed at | [`Client::id`], [`Client::user`], [`Client::rooms`], [`Client::room_count`], [`Client::in_room`], [`Client::connected_at`], [`Client::closed_at`] | `core/runtime/src/tests/handles.rs::a_client_answers_every_question_about_itself` |
//! | set the user id | [`Client::set_user`], [`Hub::set_user`]; before it is open [`Connecting::set_user`], [`Authenticating::set_user`] | `tests/conformance/behaviours/hub/targets.rs::who_joins_and_leaves_by_the_hub_hears_its_rooms` |
//! | user ids of the application's own type | [`Hub::users`], for a [`UserId`] | `core/runtime/src/tests/hooks/user_id.rs::a_hub_is_spoken_to_in_values` |
//! | metadata, any value | by type: [`Client::insert`], [`Client::get`], [`Client::remove`] | `tests/conformance/behaviours/hub/hooks.rs::what_is_kept_with_a_client_is_there_in_each_hook` |
//! | metadata, by key | a map in a value of the application's own type: [`Client::insert`] | `core/runtime/src/tests/hooks/values.rs::values_by_key_are_a_map_that_is_kept_by_its_type` |
//! | request: headers, query, remote address | [`Client::request`], kept as [`Builder::keep_requests`] says | `core/runtime/src/tests/handles.rs::a_client_answers_every_question_about_itself` |
//! | close with code and reason | [`Client::close`], [`Hub::close`] | `tests/conformance/behaviours/hub/closing.rs::a_client_that_is_closed_hears_code_and_reason` |
//! | handlers of its own for messages, close and errors | [`Connecting::on_message`], [`Connecting::on_close`], [`Connecting::on_error`] | `core/runtime/src/tests/hooks/own.rs::a_handler_of_its_own_has_the_first_message`, `core/runtime/src/tests/hooks/own.rs::handlers_of_its_own_are_told_of_errors_and_the_end_first` |
//!
//! ## Hooks
//!
//! Each hook is a method of [`Handler`] and has an equivalent closure at the [`Builder`]. The order of all hooks is
//! tested by `runtime-tokio/tests/lifecycle.rs::hooks_come_in_order_whatever_two_hundred_connections_do`.
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | before connect, may refuse | [`Handler::before_connect`] | `core/runtime/src/tests/hooks/rooms.rs::a_refusal_has_the_headers_that_were_set_for_it` |
//! | after connect | [`Handler::connected`] | `core/runtime/src/tests/hooks/order.rs::a_whole_life_is_told_in_order` |
//! | before disconnect | none, because nothing is left to decide. Do final work before [`Hub::drain`] | `tests/conformance/behaviours/hub/hooks.rs::a_shutdown_does_not_wait_for_a_hook` |
//! | after disconnect | [`Handler::disconnected`]: code, reason, initiator, duration, counts both ways | `core/runtime/src/tests/hooks/order.rs::the_last_hook_says_what_there_was`, `tests/conformance/behaviours/hub/closing.rs::the_end_of_a_client_tells_what_it_sent_and_what_it_was_sent` |
//! | before message: change or refuse | [`Handler::before_message`], answered by a [`Ruling`] | `core/runtime/src/tests/hooks/messages.rs::a_message_passes_or_is_changed_or_refused` |
//! | after message | [`Handler::after_message`]: result and time | `core/runtime/src/tests/hooks/messages.rs::every_message_has_its_end` |
//! | on error | [`Handler::error`] | `core/runtime/src/tests/hooks/order.rs::a_breach_of_the_protocol_is_an_error` |
//! | on send dropped | [`Handler::dropped`]: messages, bytes, reason, and which of those sent with a [receipt](ReceiptId) | `core/runtime/src/tests/handles.rs::what_is_dropped_is_told_under_no_lock`, `tests/conformance/behaviours/hub/pressure.rs::who_sends_with_receipts_is_told_which_messages_were_dropped` |
//! | before room join, may refuse | [`Handler::before_join`] | `core/runtime/src/tests/hooks/rooms.rs::a_join_that_is_denied_says_so` |
//! | after room join, before and after room leave | [`Handler::joined`], [`Handler::before_leave`], [`Handler::left`] with the reason | `core/runtime/src/tests/hooks/rooms.rs::joins_and_leaves_are_told_whoever_asked_for_them` |
//!
//! ## Middleware and router
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | a chain of middleware | layers of `tower`: [`middleware`] | `core/runtime/src/tests/middleware/tower.rs::layers_of_all_makers_stand_in_any_order` |
//! | logging | [`TraceLayer`](middleware::TraceLayer) | `core/runtime/src/tests/middleware/trace.rs::each_message_has_a_span` |
//! | panic recovery | always on; [`CatchPanicLayer`](middleware::CatchPanicLayer) keeps the client connected | `core/runtime/src/tests/middleware/layers.rs::a_handler_that_panics_kills_neither_the_process_nor_its_client` |
//! | metrics | [`MetricsLayer`](middleware::MetricsLayer) | `core/runtime/src/tests/middleware/metrics.rs::messages_are_counted_and_timed` |
//! | router by an extractor | [`Router::by`], [`Router::by_field`], [`Router::by_envelope`], [`Router::with`] a codec | `core/runtime/src/tests/router/formats.rs::a_closure_may_find_the_type` |
//! | on(event) | [`Router::on`], with a typed body | `core/runtime/src/tests/router/handlers.rs::a_message_goes_to_the_handler_of_its_type` |
//! | on not found | [`Router::not_found`]; without it the answer is a typed error | `core/runtime/src/tests/router/errors.rs::what_is_of_no_known_type_can_be_handled` |
//!
//! ## States, health, metrics
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | running, draining, stopped | [`State`], by [`Hub::state`] | `tests/conformance/behaviours/hub/health.rs::a_hub_that_drains_is_alive_and_not_ready` |
//! | health and readiness as HTTP handlers | `/healthz` and `/readyz` of [`serve`]; [`axum::healthz`], [`axum::readyz`]; by program [`Hub::health`] | `tests/conformance/behaviours/hub/health.rs::health_is_served_on_the_same_port`, `runtime-tokio/tests/serve/axum.rs::a_websocket_is_a_route_beside_others` |
//! | {alive, ready, state, uptime, clients} | {alive, ready, state, uptime, connections} | `tests/conformance/behaviours/hub/health.rs::health_is_served_on_the_same_port` |
//! | counters: connections, messages, bytes, rooms, joins, leaves | [`Hub::stats`], [`Hub::numbers`]; by the `metrics` facade [`observe::Meters`] | `core/src/hub/tests/stats.rs::the_numbers_add_up_under_random_events`, `core/runtime/src/tests/observe/meters.rs::every_metric_is_described_in_the_docs_and_to_the_recorder` |
//! | handler latency | `throng_message_seconds` of [`MetricsLayer`](middleware::MetricsLayer), measured once | `core/runtime/src/tests/observe/meters.rs::handlers_are_timed_once_with_everything_on` |
//! | broadcast duration | `throng_publish_seconds` of [`observe::Histograms`] | `core/runtime/src/tests/observe/meters.rs::what_is_measured_becomes_histograms` |
//! | errors by type | `throng_errors_total` | `core/src/hub/tests/stats.rs::ends_are_counted_by_who_and_with_what`, `core/runtime/src/tests/observe/numbers.rs::hooks_that_panic_and_hooks_that_are_late_are_counted_by_name` |
//!
//! ## Backpressure
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | drop newest | [`Policy::DropNewest`], the default | `core/src/hub/tests/policies.rs::drop_newest_keeps_what_waits` |
//! | drop oldest | [`Policy::DropOldest`] | `core/src/hub/tests/policies.rs::drop_oldest_makes_room_from_the_front` |
//! | a hook when something is dropped | [`Handler::dropped`] | `core/src/hub/tests/actions.rs::drops_add_up_in_one_action_until_it_is_polled` |
//! | coalescing, joined by newlines | [`Coalesce::Newlines`], for texts that have none | `tests/conformance/behaviours/hub/batching.rs::texts_that_wait_together_share_a_frame_and_each_is_counted` |
//!
//! Further policies: [`Policy::Conflate`], [`Policy::Disconnect`], [`Policy::Wait`]; each also for a single message, by
//! [`Publish::policy`].
//!
//! ## Errors
//!
//! All errors are values, `Clone` and `Eq`, without strings.
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | connection closed; client not found | [`Error::NotOpen`]; [`Error::Gone`] | `tests/conformance/behaviours/hub/targets.rs::what_does_not_exist_is_said` |
//! | invalid message | [`RouteError`](crate::router::RouteError) | `core/runtime/src/tests/router/errors.rs::a_message_that_comes_to_nothing_is_answered_by_what_is_wrong_with_it` |
//! | send buffer full | [`SendError::Full`]; [`Published::dropped`] of a broadcast | `core/src/hub/tests/publish.rs::the_numbers_of_a_publish_add_up` |
//! | empty room name, room not found, already in room, not in room, room full, max rooms per client | [`hub::Refusal`]: `EmptyName`, `NoSuchRoom`, `AlreadyInRoom`, `NotInRoom`, `RoomFull`, `TooManyRoomsOfClient` | `core/src/hub/tests/rooms.rs::what_cannot_be_done_with_a_room_changes_nothing` |
//! | max connections, max connections per user, not started, draining, stopped | `TooManyConnections`, `TooManyOfUser`, `Draining`, `Stopped`; not started cannot occur, because without a host there are no connections | `core/src/hub/tests/admission.rs::the_limit_of_connections_counts_reserved_open_and_closing_ones`, `core/src/hub/tests/drain.rs::newcomers_are_refused_while_those_who_are_in_go_on` |
//! | rate limit | [`OverRate`](crate::hub::OverRate): pause, drop with notice, close; as an answer [`ServiceError::OverRate`](middleware::ServiceError::OverRate) | `core/runtime/src/tests/middleware/rate.rs::what_is_over_the_rate_is_answered_and_not_dropped_in_silence` |
//! | authentication failed, unauthorized | a [`Refusal`] of `before_connect`; a [`CloseFrame`] of `authenticate`; [`Denied`] of `before_join` | `core/runtime/src/tests/hooks/authenticate.rs::who_is_rejected_is_told_why` |
//!
//! ## Queries
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | all clients, by id, by user, clients of a user, connection count | [`Hub::clients`], [`Hub::client`], [`Hub::clients_of`], [`Hub::client_count`], [`Hub::connection_count`] | `core/runtime/src/tests/handles.rs::a_hub_answers_every_question_about_clients_users_and_rooms` |
//! | room members, room count, room names, room exists | [as above](#rooms) | `core/runtime/src/tests/handles.rs::a_hub_answers_every_question_about_clients_users_and_rooms` |
//! | a client's rooms, room count, in room | [as above](#client) | `core/runtime/src/tests/handles.rs::a_client_answers_every_question_about_itself` |
//!
//! ## Several nodes
//!
//! The chapter [`nodes`](super::nodes) explains them.
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | relays: broadcast, broadcast except, room, room except, user, client; text and binary | every publish of [`Hub`] and [`Client`], unless [`local`](Publish::local); [`ClusterNode::send`](crate::cluster::ClusterNode::send) for a client | `core/src/cluster/tests/relays.rs::each_kind_of_message_reaches_those_nodes_that_it_concerns_once`, `core/runtime/src/tests/cluster.rs::text_stays_text_and_bytes_stay_bytes`, `core/runtime/src/tests/cluster.rs::a_user_or_client_that_is_excepted_gets_nothing_on_any_node` |
//! | a client here or elsewhere | [`ClusterNode::send_and_ask`](crate::cluster::ClusterNode::send_and_ask) also answers whether it exists | `core/runtime/src/tests/cluster.rs::a_client_of_another_node_gets_messages_and_commands_and_is_answered_for` |
//! | joins are local | the same; [`ClusterNode::join`](crate::cluster::ClusterNode::join) and [`join_user`](crate::cluster::ClusterNode::join_user) command them on other nodes | `core/runtime/src/tests/cluster.rs::the_clients_of_a_user_are_commanded_on_every_node` |
//! | adapters: Redis, NATS, custom | [`redis`], [`nats`], [`Memory`](crate::cluster::Memory), and any [`Broker`](crate::cluster::Broker) | `tests/tests/cluster.rs::what_a_client_of_one_runtime_says_reaches_the_clients_of_the_others_once` |
//! | node id, random by default | [`ClusterOptions::node`](crate::cluster::ClusterOptions::node), random by default | `core/src/cluster/tests/mod.rs::ids_of_nodes_and_clients_are_checked_and_read_back` |
//! | global counts of clients and rooms | [`ClusterNode::totals`](crate::cluster::ClusterNode::totals), one load each; users as well | `core/runtime/src/tests/cluster.rs::the_counts_of_all_nodes_come_together` |
//! | counts of a room on all nodes | not yet | |
//! | nothing without an adapter | nothing: a hub without a cluster has no node | `core/src/hub/tests/occupancy.rs::nothing_is_told_to_a_host_that_does_not_ask` |
//!
//! ## Examples and load
//!
//! | wshub | throng | test |
//! | --- | --- | --- |
//! | example simple | `runtime-tokio/examples/simple.rs` | `runtime-tokio/tests/serve/simple.rs::what_one_page_says_all_hear` |
//! | example chat | `runtime-tokio/examples/chat/`, whose pages return after a reload or a loss of the network and miss nothing | `tests/tests/chat.rs::who_comes_speaks_and_goes_is_told_to_the_room`, `tests/tests/chat_returns.rs::whoever_loses_the_network_returns_and_has_missed_nothing`, `tests/tests/browser.rs::a_page_that_is_reloaded_or_loses_its_network_misses_nothing_and_others_see_it_go_and_return` |
//! | example auth | `runtime-tokio/examples/auth/auth.rs` | `tests/tests/examples.rs::who_has_a_token_comes_in_by_header_query_or_first_message` |
//! | example metrics | `runtime-tokio/examples/metrics/metrics.rs` | `tests/tests/metrics.rs::a_chat_is_seen_by_prometheus_by_a_load_balancer_and_by_people` |
//! | | `runtime-tokio/examples/router.rs`, messages by their type behind middleware | `runtime-tokio/tests/serve/router.rs::messages_go_to_their_handlers_and_replies_come_back` |
//! | | `runtime-tokio/examples/chat_events.rs`, the chat as one loop | `tests/tests/chat.rs::the_chat_that_is_one_loop_tells_the_same` |
//! | | `runtime-tokio/examples/axum_app/axum_app.rs`, a route beside others, with shared state | `tests/tests/examples.rs::an_application_on_axum_shares_its_state_with_the_rooms` |
//! | example multinode | `runtime-tokio/examples/multinode/`, also with `compose.yaml` | `tests/tests/multinode.rs::what_is_said_on_one_node_is_heard_on_the_other_and_an_outage_of_redis_shows_and_passes` |
//! | load test: connect, fanout, rooms, echo, churn | `throng-load`: these, and direct, idle, storms | `tests/load/main.rs::every_scenario_ends_by_itself_with_exact_accounting` |
//!
//! # wsroom
//!
//! wsroom's hub is a map of rooms; here participants are clients of the hub with a name: the chapter [`participants`](super::participants).
//!
//! | wsroom | throng | test |
//! | --- | --- | --- |
//! | NewHub(hooks) | [`participants::Route::new`], with one set of [`participants::Hooks`] for each route of one hub | `runtime-tokio/tests/serve/participants.rs::each_route_has_hooks_of_its_own_and_the_identity_comes_from_a_layer` |
//! | ReconnectPolicy: grace period, messages queued for each connection (64) | [`Sessions::grace`], [`Sessions::messages`] (64), and [`Sessions::bytes`] | `tests/conformance/behaviours/hub/participants.rs::a_participant_that_returns_in_time_has_missed_nothing_and_has_not_left`, `core/runtime/src/tests/participants/commands.rs::an_away_participant_whose_queue_is_full_is_offline` |
//! | grace period 0: no reconnect | [`Sessions::grace`] `None`, the default | `core/runtime/src/tests/participants/leaving.rs::without_a_grace_it_leaves_with_its_connection` |
//! | HandleWS(w, r, room, identity, resolver) | [`Route::enter`](participants::Route::enter) in `before_connect`; under axum [`Upgrade::enter`](axum::Upgrade::enter); after the upgrade [`Route::enter_authenticated`](participants::Route::enter_authenticated) | `tests/conformance/behaviours/hub/participants.rs::participants_enter_talk_in_envelopes_and_leave`, `core/runtime/src/tests/participants/joining.rs::peers_that_say_who_they_are_after_the_upgrade_can_be_participants_too` |
//! | NewHandler | a route of axum: [`axum::participants`] | `runtime-tokio/tests/serve/participants.rs::each_route_has_hooks_of_its_own_and_the_identity_comes_from_a_layer` |
//! | Identity: user id, session id | [`participants::Identity`] | `core/runtime/src/tests/participants/joining.rs::a_participant_enters_speaks_and_leaves` |
//! | the resolver: a participant's id, or rejected | [`Hooks::resolve`](participants::Hooks::resolve), which may wait: an id, or any HTTP answer | `tests/conformance/behaviours/hub/participants.rs::the_resolver_answers_the_request_and_join_closes_with_its_code` |
//! | SendTo | [`Participants::send_to`](participants::Participants::send_to) | `core/runtime/src/tests/participants/commands.rs::a_message_goes_to_one_or_to_all_but_some` |
//! | Broadcast with excludes | [`Participants::broadcast`](participants::Participants::broadcast) | `core/runtime/src/tests/participants/commands.rs::a_message_goes_to_one_or_to_all_but_some` |
//! | CloseRoom | [`Participants::close_room`](participants::Participants::close_room), with a code | `tests/conformance/behaviours/hub/participants.rs::a_room_that_is_closed_ends_its_participants_those_that_are_away_too` |
//! | Client: send, close | [`Participant::send`](participants::Participant::send), [`Participant::close`](participants::Participant::close) | `core/runtime/src/tests/participants/joining.rs::a_participant_enters_speaks_and_leaves` |
//! | JoinContext: room, participant, identity, reconnect | [`participants::JoinContext`] | `core/runtime/src/tests/participants/joining.rs::whoever_returns_in_time_joins_again_and_has_missed_nothing` |
//! | OnJoin, whose error refuses | [`Hooks::join`](participants::Hooks::join), which refuses with a close code | `core/runtime/src/tests/participants/joining.rs::join_may_refuse_with_a_code_and_then_nobody_has_left`, `core/runtime/src/tests/participants/joining.rs::a_join_that_refuses_a_return_ends_the_participant_and_it_leaves` |
//! | OnMessage, which may fail | [`Hooks::message`](participants::Hooks::message); its failure is told to [`Hooks::error`](participants::Hooks::error), and the participant stays | `core/runtime/src/tests/participants/leaving.rs::a_message_hook_that_fails_is_told_and_its_participant_stays`, `tests/conformance/behaviours/hub/participants.rs::a_message_that_fails_is_told_and_its_participant_stays` |
//! | OnLeave with the reason, after the grace | [`Hooks::leave`](participants::Hooks::leave) with a [`LeaveReason`](participants::LeaveReason), once | `core/runtime/src/tests/participants/leaving.rs::each_way_of_leaving_has_its_reason`, `tests/conformance/behaviours/hub/participants.rs::a_participant_that_does_not_return_leaves_once` |
//! | Envelope: type, payload | [`participants::Envelope`] to send; [`Router::by_envelope`] to receive and to answer | `core/runtime/src/tests/participants/routed.rs::messages_of_a_route_go_to_its_router_in_envelopes`, `core/runtime/src/tests/participants/routed.rs::an_envelope_has_a_type_and_a_payload` |
//! | a second connection of a participant replaces the first | likewise, or the second is refused: [`Sessions::second`] | `tests/conformance/behaviours/hub/participants.rs::of_two_connections_of_a_participant_the_newer_wins_or_is_refused` |
//! | error: room not found, participant not found | [`ParticipantError::RoomNotFound`](participants::ParticipantError::RoomNotFound), [`ParticipantNotFound`](participants::ParticipantError::ParticipantNotFound) | `core/runtime/src/tests/participants/commands.rs::who_is_not_there_is_a_typed_error` |
//! | error: participant offline (no grace, or its queue is full) | [`ParticipantOffline`](participants::ParticipantError::ParticipantOffline); without a grace from the handle of one that has ended, since the room no longer has it | `tests/conformance/behaviours/hub/participants.rs::whoever_cannot_be_reached_is_a_typed_error`, `core/runtime/src/tests/participants/leaving.rs::without_a_grace_it_leaves_with_its_connection` |
//! | error: resolver rejected, empty participant id | [`ResolverRejected`](participants::ParticipantError::ResolverRejected), [`EmptyParticipantId`](participants::ParticipantError::EmptyParticipantId) | `core/runtime/src/tests/participants/joining.rs::the_errors_of_entering_say_which_they_are` |
//! | example | `runtime-tokio/examples/game/`, a game for two | `tests/tests/game.rs::two_play_and_one_that_loses_its_network_misses_nothing` |
//!
//! Beyond wsroom: sessions without rooms and names, for any client.
//!
//! | to have | throng | test |
//! | --- | --- | --- |
//! | a client that survives the loss of its connection | [`Connecting::set_session`], [`Authenticating::identify`], [`Client::set_session`] | `tests/conformance/behaviours/hub/sessions.rs::a_peer_that_returns_in_time_hears_what_it_missed_in_order` |
//! | hooks when it goes and returns | [`Handler::away`], [`Handler::resumed`] | `core/runtime/src/tests/sessions/returning.rs::a_client_that_returns_in_time_has_missed_nothing_and_has_not_left` |
//! | who is away | [`Client::is_away`], [`Hub::find_session`] | `core/runtime/src/tests/sessions/returning.rs::rooms_are_joined_and_left_and_hooks_told_while_it_is_away` |
//! | names that nobody can guess | `session::Tokens` | `core/runtime/src/tests/session_tokens.rs::whatever_is_changed_in_a_token_is_noticed`, `core/runtime/src/tests/session_tokens.rs::a_token_that_is_known_is_kept_and_any_other_gives_way_to_a_new_one` |
//!
//! # jaz303/hub
//!
//! | jaz303/hub | throng | test |
//! | --- | --- | --- |
//! | one serialised view of all activity | [`Hub::events`] | `tests/conformance/behaviours/hub/events.rs::a_crowd_that_comes_and_talks_and_dies_is_told_in_one_order` |
//! | an eviction's disconnection before the connection that caused it | likewise, in the stream and between the hooks | `core/runtime/src/tests/events/order.rs::an_evicted_client_ends_before_the_connection_that_caused_it`, `core/runtime/src/tests/hooks/per_user.rs::the_evicted_one_hears_why_and_is_told_before_the_newcomer` |
//! | a connection before its first message | likewise | `core/runtime/src/tests/driver.rs::messages_are_handled_in_order_after_connected` |
//! | generic client id | a [`UserId`] of any type beside the hub's own [`ClientId`] | `core/runtime/src/tests/hooks/user_id.rs::a_user_is_the_value_of_its_name` |
//! | client info | [`Connecting::insert`], [`Authenticating::insert`], [`Client::get`] | `core/runtime/src/tests/hooks/authenticate.rs::who_says_its_name_becomes_a_client` |
//! | authentication after the upgrade, with the socket | [`Handler::authenticate`], with [`Authenticating`] | `core/runtime/src/tests/hooks/authenticate.rs::what_comes_behind_the_exchange_is_not_lost_wherever_it_is_cut` |
//! | the exchange has a deadline | [`Builder::authentication_limit`] | `core/runtime/src/tests/hooks/authenticate.rs::who_takes_too_long_is_closed` |
//! | it may end with a close status | [`CloseFrame`] | `core/runtime/src/tests/hooks/authenticate.rs::who_is_rejected_is_told_why` |
//! | several connections of one client: first wins | [`PerUser::RefuseNewest`] | `core/src/hub/tests/users.rs::the_newest_client_of_a_user_is_refused_at_the_limit` |
//! | last wins | [`PerUser::EvictOldest`] | `tests/conformance/behaviours/hub/refusals.rs::a_user_with_too_many_clients_loses_the_oldest` |
//! | all allowed | [`PerUser::Unlimited`], the default | `core/src/hub/tests/users.rs::a_user_may_have_any_number_of_clients` |
//! | a function of the roster | [`Builder::per_user`], answered by a [`Placement`] | `tests/conformance/behaviours/hub/users.rs::a_user_has_as_many_clients_as_the_application_says` |
//! | decode and encode hooks, skip a message | [`Codec`](crate::router::Codec); [`Ruling::Refuse`]; a layer | `core/runtime/src/tests/router/formats.rs::messages_may_be_in_message_pack` |
//! | text or binary for each message | each [`Message`] and [`Frame`] is one or the other | `tests/conformance/behaviours/wire/echo.rs::messages_of_all_sizes_come_back_as_they_were` |
//! | causes of closing mapped to codes by the application | [`Builder::close_code`], of a [`Cause`]; [`Closes`](crate::hub::Closes) in a config | `tests/conformance/behaviours/hub/closes.rs::whoever_the_hub_closes_hears_the_code_of_the_applications_choosing`, `core/runtime/src/tests/closes.rs::every_cause_is_mapped_when_the_hub_is_built` |
//! | send to connections, clients, all | [`Hub::publish`] with [`Target`]s | `core/src/hub/tests/publish.rs::targets_reach_just_those_they_name` |
//! | each says at once whether it was queued | [`Published`]: queued, dropped, refused, unknown | `core/src/hub/tests/publish.rs::the_numbers_of_a_publish_add_up` |
//! | wished for: closing slow receivers by policy | [`Policy::Disconnect`] | `tests/conformance/behaviours/hub/pressure.rs::a_slow_reader_is_closed_with_1013_if_that_is_the_policy` |
//! | wished for: outgoing rate limits | [`Outbox::rate`] | `core/src/hub/tests/pacing.rs::messages_are_written_no_faster_than_the_rate_and_none_is_lost_or_early`, `tests/conformance/behaviours/hub/pressure.rs::messages_are_written_no_faster_than_their_rate` |
//! | wished for: a notice when a message was written to the socket | [`Client::send_with_receipt`], a [`Receipt`]; all together are counted in [`Stats::written`] | `core/runtime/src/tests/receipts.rs::a_receipt_comes_when_the_transport_has_taken_all_of_it`, `tests/conformance/behaviours/hub/pressure.rs::a_receipt_comes_when_a_slow_reader_has_made_room_or_is_gone` |
//! | wished for: custom filters of targets | [`Hub::publish_where`], by anything the application knows of a client | `core/runtime/src/tests/choose.rs::those_hear_it_who_are_chosen_by_their_metadata`, `tests/conformance/behaviours/hub/targets.rs::a_message_goes_to_those_whom_the_application_chooses` |
//!
//! # Histories and recovery
//!
//! What [Centrifugo](https://centrifugal.dev) has of it, in its words. The chapter on [histories](super::histories) says more.
//!
//! | Centrifugo | throng | test |
//! | --- | --- | --- |
//! | history size, ttl, meta ttl of a namespace | [`Histories::by_prefix`](hub::Histories::by_prefix), [`History`](hub::History); besides a bound in bytes | `core/src/hub/tests/history.rs::offsets_begin_at_one_and_have_no_gaps` |
//! | offset and epoch of a stream | [`Position`](crate::core::Position) | `tests/conformance/behaviours/hub/histories.rs::a_position_of_another_process_is_never_taken_for_one_of_this` |
//! | recover from a position at a subscribe, and whether it was recovered | [`Client::join_from`], [`Joined::recovery`](hub::Joined::recovery) with a count, or a reason | `tests/conformance/behaviours/hub/histories.rs::a_peer_that_comes_and_goes_gets_each_message_once_and_in_order`, `tests/conformance/behaviours/hub/histories.rs::a_peer_that_missed_too_much_hears_it_and_gets_what_comes` |
//! | cache recovery mode: the latest publication | [`Recover::Latest`](hub::Recover::Latest) | `tests/conformance/behaviours/hub/histories.rs::a_position_may_come_after_the_upgrade` |
//! | history call with limit, since and reverse; presence of the top position | [`Hub::history`], [`Hub::position`] | `core/runtime/src/tests/histories.rs::a_history_is_read_in_pages_and_removed` |
//! | history remove | [`Hub::remove_history`] | `core/runtime/src/tests/histories.rs::a_history_is_read_in_pages_and_removed` |
//! | idempotency key, version of a publish | [`Publish::key`], [`Publish::version`] | `tests/conformance/behaviours/hub/histories.rs::a_message_with_a_key_is_published_once_and_is_in_the_history`, `core/runtime/src/tests/histories.rs::an_older_version_is_ignored` |
//! | a slow client is disconnected | its [policy](Policy) decides; a drop is a hole that is [told](DropNotice::of_history) | `core/runtime/src/tests/histories.rs::a_drop_of_a_history_is_told_and_the_client_recovers` |
//! | offset in a publication | [`Numbered`], or a [`Frame`] with a place | `core/runtime/src/tests/histories.rs::numbered_json_carries_room_and_offset` |

use crate::hub::{Admission, Deadlines, Error, Inbound, Outbox, PerUser, Rooms, Sessions};
use crate::router::Router;
use crate::*;
