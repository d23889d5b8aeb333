using ResizeLora.TestHost;

// The pipeline in a process of its own, with the plain engine, so that it starts in a moment.
return args switch
{
    ["resize", var lora, var destination, var recipe, .. var options] => Worker.Resize(lora, destination, recipe, options),
    ["resize-kept", var lora, var destination, var recipe] => Worker.ResizeKept(lora, destination, recipe),
    ["resize-on", var first, var second, var destination, var recipe] => Worker.ResizeOn(first, second, destination, recipe),
    ["replace-on", var folder, var canExchange] => Worker.ReplaceOn(folder, canExchange),
    ["save-on", var cache] => Worker.SaveOn(cache),
    _ => throw new ArgumentException("Unknown work.", nameof(args)),
};
