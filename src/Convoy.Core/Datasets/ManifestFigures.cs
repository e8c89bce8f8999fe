namespace Convoy.Core.Datasets;

/// <summary>A version of a data set, in numbers.</summary>
/// <param name="Files">How many.</param>
/// <param name="Directories">How many, the root among them.</param>
/// <param name="Bytes">Of all files; what several files share counts for each.</param>
/// <param name="Packs">How many there are, older versions' among them that this one needs.</param>
/// <param name="PackBytes">Of all those packs.</param>
public sealed record ManifestFigures(int Files, int Directories, long Bytes, int Packs, long PackBytes);
