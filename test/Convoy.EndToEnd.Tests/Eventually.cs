namespace Convoy.EndToEnd.Tests;

/// <summary>Waits for what must come. The limits only end a hopeless wait: they say nothing about how fast anything is.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task HoldsAsync(string what, Func<bool> isSo, TimeSpan? patience = null) => HoldsAsync(what, () => Task.FromResult(isSo()), patience);

    public static async Task HoldsAsync(string what, Func<Task<bool>> isSo, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        while (!await isSo())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"waited {(patience ?? Patience).TotalSeconds:0} s for this: {what}");
            await Task.Delay(50);
        }
    }
}
