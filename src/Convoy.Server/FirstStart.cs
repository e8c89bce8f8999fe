using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>An empty platform gets an administrator, whose token lies in the state folder.</summary>
public static class FirstStart
{
    public const string Administrator = "admin";

    public static async Task EnsureAsync(IStore store, StateFolder state, TimeProvider time, CancellationToken cancellationToken)
    {
        if (File.Exists(state.AdministratorToken)) return;
        var now = time.GetUtcNow();

        // A crash between these steps leaves a user without a token file; the next start makes a new token.
        if (await store.GetUserAsync(Administrator, cancellationToken) is null) await store.AddUserAsync(Administrator, Level.Defaults[^1].Name, isAdministrator: true, now, cancellationToken);
        var (text, stored) = BearerTokens.New(Administrator, now, expiresAt: null, "made at the first start");
        await store.AddTokenAsync(stored, cancellationToken);
        StateFolder.WriteSecret(state.AdministratorToken, text);
    }
}
