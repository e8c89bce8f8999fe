using CsCheck;

namespace Convoy.Client.Tests;

internal static class Words
{
    /// <summary>One of the values, each as likely.</summary>
    public static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
