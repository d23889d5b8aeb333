namespace ResizeLora.Testing;

/// <summary>
/// A singular value decomposition by one-sided Jacobi rotations (Hestenes 1958): the most accurate there is, and
/// nothing like what the product does.
/// </summary>
/// <param name="U">m × k, orthonormal columns; zero columns where σ is zero.</param>
/// <param name="Values">σ, descending.</param>
/// <param name="Vt">k × n, orthonormal rows; zero rows where σ is zero.</param>
internal sealed record JacobiSvd(Matrix U, double[] Values, Matrix Vt)
{
    /// <summary>Decomposes up · down (m × r times r × n).</summary>
    public static JacobiSvd OfProduct(Matrix up, Matrix down)
    {
        // down = l · q with orthonormal rows q, so up · down has the singular values of the thin up · l.
        (Matrix l, Matrix q) = OrthonormaliseRows(down);
        (Matrix u, double[] values, Matrix rotation) = Rotate(up * l);
        int count = Math.Min(values.Length, Math.Min(up.Rows, down.Columns));
        int[] first = [.. Enumerable.Range(0, count)];
        return new JacobiSvd(u.SelectColumns(first), values[..count], rotation.SelectColumns(first).Transpose() * q);
    }

    /// <summary>Decomposes a matrix.</summary>
    public static JacobiSvd Of(Matrix matrix)
    {
        if (matrix.Columns > matrix.Rows)
        {
            JacobiSvd transposed = Of(matrix.Transpose());
            return new JacobiSvd(transposed.Vt.Transpose(), transposed.Values, transposed.U.Transpose());
        }

        (Matrix u, double[] values, Matrix v) = Rotate(matrix);
        return new JacobiSvd(u, values, v.Transpose());
    }

    /// <summary>The part of the matrix that belongs to some singular values.</summary>
    public Matrix Part(IReadOnlyList<int> kept)
    {
        Matrix u = U.SelectColumns(kept);
        Matrix vt = Vt.Transpose().SelectColumns(kept).Transpose();
        return u.Map((row, column) => u[row, column] * Values[kept[column]]) * vt;
    }

    /// <summary>Gram–Schmidt, twice.</summary>
    private static (Matrix L, Matrix Q) OrthonormaliseRows(Matrix matrix)
    {
        var l = new Matrix(matrix.Rows, matrix.Rows);
        Matrix q = matrix.Map((row, column) => matrix[row, column]);
        for (int i = 0; i < q.Rows; i++)
        {
            double before = RowNorm(q, i);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    double dot = 0;
                    for (int c = 0; c < q.Columns; c++)
                        dot += q[i, c] * q[j, c];
                    l[i, j] += dot;
                    for (int c = 0; c < q.Columns; c++)
                        q[i, c] -= dot * q[j, c];
                }
            }

            double norm = RowNorm(q, i);
            bool dependent = norm <= 1e-14 * before;
            l[i, i] = dependent ? 0 : norm;
            for (int c = 0; c < q.Columns; c++)
                q[i, c] = dependent ? 0 : q[i, c] / norm;
        }

        return (l, q);
    }

    private static double RowNorm(Matrix matrix, int row)
    {
        double sum = 0;
        for (int c = 0; c < matrix.Columns; c++)
            sum += matrix[row, c] * matrix[row, c];
        return Math.Sqrt(sum);
    }

    private static (Matrix U, double[] Values, Matrix V) Rotate(Matrix matrix)
    {
        // Columns as arrays: rotations work on pairs of them.
        double[][] work = [.. Enumerable.Range(0, matrix.Columns).Select(c => Enumerable.Range(0, matrix.Rows).Select(r => matrix[r, c]).ToArray())];
        double[][] v = [.. Enumerable.Range(0, matrix.Columns).Select(c => Enumerable.Range(0, matrix.Columns).Select(r => r == c ? 1.0 : 0.0).ToArray())];
        bool rotated = true;
        for (int sweep = 0; rotated && sweep < 60; sweep++)
        {
            rotated = false;
            for (int p = 0; p < work.Length; p++)
            {
                for (int q = p + 1; q < work.Length; q++)
                    rotated |= RotatePair(work, v, p, q);
            }
        }

        double[] norms = [.. work.Select(column => Math.Sqrt(Dot(column, column)))];
        int[] order = [.. Enumerable.Range(0, norms.Length).OrderByDescending(i => norms[i])];
        var u = new Matrix(matrix.Rows, order.Length);
        var right = new Matrix(matrix.Columns, order.Length);
        for (int k = 0; k < order.Length; k++)
        {
            for (int r = 0; r < matrix.Rows; r++)
                u[r, k] = norms[order[k]] == 0 ? 0 : work[order[k]][r] / norms[order[k]];
            for (int r = 0; r < matrix.Columns; r++)
                right[r, k] = v[order[k]][r];
        }

        return (u, [.. order.Select(i => norms[i])], right);
    }

    private static bool RotatePair(double[][] work, double[][] v, int p, int q)
    {
        double a = Dot(work[p], work[p]);
        double b = Dot(work[q], work[q]);
        double c = Dot(work[p], work[q]);
        if (Math.Abs(c) <= 1e-15 * Math.Sqrt(a * b) || c == 0)
            return false;

        double zeta = (b - a) / (2 * c);
        double tangent = (zeta >= 0 ? 1 : -1) / (Math.Abs(zeta) + Math.Sqrt(1 + zeta * zeta));
        double cosine = 1 / Math.Sqrt(1 + tangent * tangent);
        double sine = cosine * tangent;
        Apply(work[p], work[q], cosine, sine);
        Apply(v[p], v[q], cosine, sine);
        return true;
    }

    private static void Apply(double[] left, double[] right, double cosine, double sine)
    {
        for (int i = 0; i < left.Length; i++)
        {
            double x = left[i];
            left[i] = cosine * x - sine * right[i];
            right[i] = sine * x + cosine * right[i];
        }
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
    }
}
