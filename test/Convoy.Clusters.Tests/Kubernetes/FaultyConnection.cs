using System.Net;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>What happens between an operator and its API server, from a seed: refusals, lost questions and answers, slowness, watches that break off, versions that are forgotten.</summary>
internal sealed class FaultyConnection(FakeKubernetes server, int seed, double rate) : DelegatingHandler(server)
{
    private readonly Random random = new(seed);

    /// <summary>No fault from now on.</summary>
    public bool IsSound { get; set; }

    public int Faults { get; private set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var isWatch = request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal);
        switch (Draw())
        {
            case 0:
                throw new HttpRequestException("simulated: connection refused");
            case 1:
                return FakeKubernetes.Refuse(500, "InternalError", "simulated");
            case 2:
                var busy = FakeKubernetes.Refuse(429, "TooManyRequests", "simulated");
                busy.Headers.RetryAfter = new System.Net.Http.Headers.RetryConditionHeaderValue(TimeSpan.FromMilliseconds(50));
                return busy;
            case 3 when !isWatch:
                using (await base.SendAsync(request, cancellationToken)) throw new HttpRequestException("simulated: the answer was lost");
            case 4:
                await Task.Delay(Next(200), cancellationToken);
                break;
            case 5:
                server.Compact();
                break;
            default:
                break;
        }

        var answer = await base.SendAsync(request, cancellationToken);
        if (!isWatch || answer.StatusCode != HttpStatusCode.OK || IsSound) return answer;
        var content = await answer.Content.ReadAsStreamAsync(cancellationToken);
        answer.Content = new StreamContent(new BreakingStream(content, Next(20_000)));
        return answer;
    }

    /// <summary>Which fault; -1 for none.</summary>
    private int Draw()
    {
        lock (random)
        {
            if (IsSound || random.NextDouble() >= rate) return -1;
            Faults++;
            return random.Next(6);
        }
    }

    private int Next(int below)
    {
        lock (random) return random.Next(below);
    }

    /// <summary>Ends with an error after so many bytes.</summary>
    private sealed class BreakingStream(Stream inner, int bytes) : Stream
    {
        private int left = bytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (left <= 0) throw new IOException("simulated: the watch broke off");
            var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, Math.Max(1, left))], cancellationToken);
            left -= read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
