using Convoy.Server;
using Convoy.Store;
using Microsoft.Extensions.Logging;

namespace Convoy.Simulation.Tests;

/// <summary>What a server logs goes into the transcript, and may tell of nothing but simulated faults.</summary>
internal sealed class SimulatedLog<T>(Timeline timeline, Transcript transcript) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var said = $"{typeof(T).Name}: {formatter(state, exception)} {exception?.Message}";
        transcript.Write(said);
        timeline.Require(eventId.Name != "LogViolation", said);
        timeline.Require(exception is null || IsSimulated(exception), $"{said}\n{exception}");
    }

    private static bool IsSimulated(Exception exception) => exception switch
    {
        StoreException or IOException => exception.Message == "simulated",
        LedgerUnavailableException { InnerException: { } inner } => IsSimulated(inner),
        LedgerUnavailableException => true,
        _ => false,
    };
}
