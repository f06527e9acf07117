//! Which task calls the hooks of a client.

/// Whether a task calls the hooks of its client. Only one task at a time does: the one that holds the client's
/// [service](crate::connection::service).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// The task holds the service and calls the hooks.
    Client,
    /// The task waits until the task of an earlier connection hands over the service.
    Later,
    /// The task holds the service and calls the hooks, but the client has lost this task's connection. The task hands over the
    /// service if the client gets another connection.
    Lost,
    /// The task calls no hooks, because another task holds or will get the service. It only closes its connection.
    Nobody,
}
