namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>One that tests share.</summary>
public sealed class RealApiServer : ApiServerProcess, IAsyncLifetime;
