using ResizeLora.Common;

namespace ResizeLora.Engine;

/// <summary>How far a change of a weight, ΔB, is from another one, ΔA.</summary>
/// <param name="ReferenceNorm">‖ΔA‖_F.</param>
/// <param name="Norm">‖ΔB‖_F.</param>
/// <param name="DifferenceNorm">‖ΔA − ΔB‖_F.</param>
/// <param name="Cosine">⟨ΔA, ΔB⟩ / (‖ΔA‖_F · ‖ΔB‖_F); 0 where one of them is zero.</param>
internal sealed record ChangeDistance(double ReferenceNorm, double Norm, double DifferenceNorm, double Cosine)
{
    /// <summary>The distance of two changes that are given in parts, such as rows one below the other, or layers of a file.</summary>
    public static ChangeDistance OfParts(IReadOnlyList<ChangeDistance> parts)
    {
        if (parts is [var only])
            return only;

        double reference = EuclideanNorm.Of(parts.Select(part => part.ReferenceNorm));
        double norm = EuclideanNorm.Of(parts.Select(part => part.Norm));
        double cosine = reference > 0 && norm > 0
            ? parts.Sum(part => part.Cosine * (part.ReferenceNorm / reference) * (part.Norm / norm))
            : 0;
        return new ChangeDistance(reference, norm, EuclideanNorm.Of(parts.Select(part => part.DifferenceNorm)), Math.Clamp(cosine, -1, 1));
    }
}
