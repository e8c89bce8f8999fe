namespace Convoy.Client.Tests;

/// <summary>Fails a test that would hang.</summary>
internal static class Bounded
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task<T> Run<T>(Func<T> work) => Task.Run(work).WaitAsync(Limit);

    public static Task<T> Run<T>(Func<Task<T>> work) => Task.Run(work).WaitAsync(Limit);

    public static Task Run(Func<Task> work) => Task.Run(work).WaitAsync(Limit);
}
