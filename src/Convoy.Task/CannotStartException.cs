namespace Convoy.Supervision;

/// <summary>The task cannot be started, and trying again would not help; the message is for its owner.</summary>
internal sealed class CannotStartException(string message, Exception? inner = null) : Exception(message, inner);
