using System.Globalization;
using ResizeLora.Safetensors;
using ResizeLora.Testing;

namespace ResizeLora.Core.Tests.Pairing;

/// <summary>Names and shapes of real files, from TestData/keys.</summary>
internal static class KeyList
{
    /// <summary>The header of a checkpoint or adapter, its tensors renamed if wanted.</summary>
    public static SafetensorsHeader Header(string list, Func<string, string>? rename = null)
    {
        var builder = new HeaderBuilder();
        foreach (TensorSpec tensor in KeyFile.Tensors(list))
            builder.Add(rename is null ? tensor.Name : rename(tensor.Name), [.. tensor.Shape], tensor.DType);

        return builder.Build();
    }

    /// <summary>
    /// What ostris' ai-toolkit says of each weight: its diffusers name (te0_, te1_ or unet_ in front), the tensor
    /// in the single file, and for a third of a fused weight, which third.
    /// </summary>
    public static IEnumerable<(string DiffusersName, string Tensor, int? Third)> DiffusersMap() =>
        KeyFile.Lines("sdxl_map_singlefile_to_diffusers").Select(fields => (
            fields[0],
            fields[1],
            fields[2].Length == 0 ? (int?)null : int.Parse(fields[2], CultureInfo.InvariantCulture)));
}
