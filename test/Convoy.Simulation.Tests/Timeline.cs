namespace Convoy.Simulation.Tests;

/// <summary>Virtual time on one thread. Of what may happen at one instant, the seed decides what happens first.</summary>
internal sealed class Timeline(int seed)
{
    private const int MostStepsPerInstant = 50_000;

    private readonly List<Action> ready = [];
    private readonly PriorityQueue<Action, (DateTimeOffset At, long Order)> later = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private SimulationException? failure;
    private long order;
    private int stepsNow;

    public Random Random { get; } = new(seed);

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Nothing more happens until time goes on.</summary>
    public bool IsStill => ready.Count == 0;

    public void Soon(Action action)
    {
        // A continuation that went over the thread pool comes back at a time that no seed decides.
        if (Environment.CurrentManagedThreadId != thread) Require(false, $"something ran outside of the simulation's thread:\n{Environment.StackTrace}");
        else ready.Add(action);
    }

    public void After(TimeSpan delay, Action action) => later.Enqueue(action, (Now + delay, order++));

    /// <summary>The simulation ends at its next step: nobody who is simulated can swallow what is said here.</summary>
    public void Require(bool holds, string otherwise)
    {
        if (!holds) failure ??= new SimulationException(otherwise);
    }

    /// <summary>Does one thing that may happen now, or else goes on to when something may.</summary>
    public void Step()
    {
        if (failure is not null) throw failure;
        if (ready.Count > 0)
        {
            if (++stepsNow > MostStepsPerInstant) throw new SimulationException("something spins: time does not go on");
            var chosen = Random.Next(ready.Count);
            var action = ready[chosen];
            ready.RemoveAt(chosen);
            action();
            return;
        }

        if (!later.TryDequeue(out var next, out var due)) throw new SimulationException("nothing will ever happen again");
        if (due.At > Now) stepsNow = 0;
        Now = due.At;
        next();
    }

    public TimeSpan Between(double fromSeconds, double toSeconds) => TimeSpan.FromMilliseconds(Random.Next((int)(fromSeconds * 1000), (int)(toSeconds * 1000) + 1));

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Random.Next(choices.Length)];
}

/// <summary>What must never happen has happened.</summary>
internal sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
