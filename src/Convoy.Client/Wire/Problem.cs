using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Client.Wire;

/// <summary>An RFC 9457 problem with Convoy's extensions.</summary>
/// <param name="Type">A URI reference that names the code.</param>
/// <param name="Code">Stable; never translated.</param>
/// <param name="Problems">What is wrong with a spec, all of it.</param>
public sealed record Problem(string Type, string Title, int Status, Text? Detail, string Code, string RequestId, IReadOnlyList<SpecProblem>? Problems = null);
