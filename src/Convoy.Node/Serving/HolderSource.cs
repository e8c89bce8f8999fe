using Convoy.Client;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Serving;

/// <summary>Packs as the platform hands them out to whoever holds the version: where it says no to one of them, another is asked for.</summary>
internal sealed class HolderSource(string dataset) : IPackSource
{
    private readonly Lock changing = new();
    private ConvoyClient[] clients = [];

    public void Add(ConvoyClient client)
    {
        lock (changing) clients = [.. clients, client];
    }

    public void Remove(ConvoyClient client)
    {
        lock (changing) clients = [.. clients.Where(other => other != client)];
    }

    public async Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        var asked = Volatile.Read(ref clients);
        if (asked.Length == 0) throw new IOException("nobody has it open any more");
        for (var i = 0; ; i++)
        {
            try
            {
                await new PlatformSource(asked[i].Datasets, dataset).ReadAsync(pack, offset, into, cancellationToken);
                return;
            }
            catch (IOException e) when (e.InnerException is ConvoyException { Status: 401 or 403 or 404 } && i + 1 < asked.Length)
            {
                // That one may not, or not any more.
            }
            catch (ObjectDisposedException) when (i + 1 < asked.Length)
            {
                // That one has just gone.
            }
            catch (ObjectDisposedException e)
            {
                throw new IOException("who had it open has gone", e);
            }
        }
    }
}
