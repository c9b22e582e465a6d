// Written by tests/python/generate_numpy_generator_tables.py.
namespace ReproTorch.Randomness;

/// <content>x^(2^128) modulo the characteristic polynomial of MT19937.</content>
public sealed partial class NumpyMT19937
{
    // Base64 of the coefficients, one bit each, the lowest power in the lowest bit of the first byte.
    private const string JumpPolynomial =
        "YznecsSecLW2myeI5fgjqFk+2CZZIh8EFbv953cXUotW57VI1RIov7mtsOSqSUgLg4uSPs45benTMWGv6PLqCVaEVDN7TIHBg3w6" +
        "ibwHvf5ngr0Bv9xHUeZ9puJ09f6aCU0zuMre0/BY/WFVO3CE2DuAXO9Cj5uzYbffINP+HNZbPl/Pd2FBR+lChI6rz6mOwA5dWI33" +
        "3WAohZssDtb38Pw7u7J94z7KWebJgWnZDofeoHOVUUhSzpQ7aHftpc1zvPy8VmyVO/QU3pEfALQEv4HEOJQxmIUdouBqytWul50Y" +
        "QkaeGZVc54ZUPCVcRUPN2My1c9SCgn9EzcrImd8tGUaFvtaJtYhSp2zytH9VGZjrcAUgKD3nAwTMSibJFKF4e/vwlZfo7kLCgMyr" +
        "6FHnZ4XMMBPvhw4Ulpo7kV5S+NMF0uM+jxWhG4nbTCx9qGofOppemyMyi4ftw5ikeHeMpGbASpdV8AgdQoKgyOmA3tZAC8+hTM6S" +
        "KMcxJ4SuaEFgbe4j3bL4z76HcqzfUZc2pJ3Ii7rZQFhKgoWlp+3bO/WXSbrPHJ0UpMNvxtUFKcfyOa1ozpaOTa61qRPylvOIxbsW" +
        "YZ1OjWEs0SBEs/Nh++vXLnA78qbcy2aBt3yVMyi+akOiA5bQwCBvqpDhFbhJv8ON10kDuUWbyMSkCuOQ62fwEyvzsepcf5SCxMzb" +
        "rh5ktq9qbVhTtYAyWLVymnf68XSvYDv9rpKJ8gmmT3KUNSjxqudhqcF9UoeAToM/aa289jvKyZYXF5VKFkGfdWfTtzvPIM97Z3dc" +
        "AVt29J/W30cVbg3ZfyQI1xNR6V8olnmt8vknxuIM+/zOQSQPgDMASwARFnILePpQGrFyH7eoHLf9Qqv/zrp1VDmLwpF47241w8lB" +
        "FG0IgNyRdMSWyQ7DtS3kVKLdGjKpEjY6llvuC8PHdVxjIxMU31iPMDiP4yaJkpW2cdhUd4le3t08dGHAWwQJUq2ngLu+1ITCXDNd" +
        "HdlIp2uMQQ4JESmZuzO8/yxGjlAqxAWGxu8UOipg2WwOI/T5xiYx67hJjzW9UaTnSXzLkrVHObsQGVtq7TwYpQytyx1Gk3mljNmO" +
        "lCaVZcvF7BtDGv19yN0LJEBpXawgmH04Vev/4RpscS/7zxOG7fgEOfB315frMhtfqcGH7qQ9iWzxNcLUGFGWupR56OIjkPlFRYy7" +
        "pWgSibRGz+dhOBZNgVYsCw6MaMpfLnA2tUZjuLsR41U3AaZyXNwvFBMO0UfL4EyjMIwIrP4DlY/oonlNx3B2k5XAtALg9fggwDMF" +
        "CDKP/oElDB2rbXePBCi7AbZHSgCWbuG4+HuvYmhCoJ9KYva2sNRKOFTuwFCjVwpngcEdBiYgKCw6mfh1tWeWdLkq/I1zODiFqkLE" +
        "zACkkjqlPlqvz6LPyL1lQogJne6fUk/416SecGyWQryATNRlQtHz5+v17So8svEjRYBCfNS3qQrLp2gFN3PFCtkGHooVZq3HBZiM" +
        "iaPE3q2QeJA2xX8gm8OFCH5CxfhkyMDtBbovegFlw7/SCiHqlfuPA6CcYHJPbI7EY+aEYgURPKgcPHUjtwCH/CpkSCyVrBQ+EvHO" +
        "PJeE7bi4dfDJxeoMWiUK8HxIzd/a4Hd+DHXli5fLcQD+JwhWbzjEKPBJQK/WOmu/3aoRqdEGMC50u7Ve+YmELj24b8NkgSeERysw" +
        "gr7m4GEOJiIEVpy1EZwM8uSq7NWc2uJm+CMlx5tnFsRSPFNvgV4jo0ee/9ugVqdiDKOlnOqmYQfe6WcSxfYq7T5miIvyH9BeaWOW" +
        "dv1Or2WQ3/xHvFliyt+cOE5CGyxsFl4zA7uhoXMq3TO+xFjQkObCa3RFBzS0lH+N0wezT4Vg5FG4dMIqPdsH9Z3ZOzLThkwlbF0i" +
        "rL+CMjDdtDsCfrJfGia3eYH+NL9h80BYeJ5sDlAW5wY7h2UL7sY152Qo+/zUxeTGARkohOKOhc2j/OVlOoBE9vdQ+EEe9Pk5Vetl" +
        "yfPLh3SAL74SZAWuVblcPG+R/tjficKuXsuM0b+B7w7yV2FESjaQRnUhmN6gflnBG1mU0Bc+7bF6bmd5weuVxPa9g6JwNYxkXLIG" +
        "aoAFizmME+sN7QgR5WoJPU4WdNodKwHerxcDL3KSGADL91yHI9JW14LeFJHJRM6RILRXR9L5TpSKWhSUhSvx+O3/SoyZ6QwM86AB" +
        "5pxYemW63VGoNo3s5pQ4uUbtcKSthn1Qm0C5FMdGqGLIBT4EKLaIocR6jDp2jbYY3AqXp1t/mTUHaWu8tF3TWU1EIn4IPYlOwOlR" +
        "b0Zh5qSKVAXUHxWJU1WRYVaQYBlWjV5hhTw+HLjGOWwVkSSm1C/8LNS0F/m8yYLPBNcr7Ggle0AyQAXZaCJda3sDfnrsa9jnEB8j" +
        "MGgBugGFT5YfMrejIcNzmN3CCjXhUKKlhYNXJkfSOMfKQSUBPIczzRl/kMUsyM3QClQrXKTMVlbRfYgfuIfZo0j+54N4hKIG24JW" +
        "lPgtX0bhTEmbvP/I+s05j1klyCqxGyOZ+n4hXD6iiy07uv1Q5QYAUY4zZ2qElDFXPiapSO69Ns1cyJTDQSCWpxDyZ5uhptI/iwZc" +
        "KIrZlxc6CgU3NgfK32N+ZJVyujt7egF2jr5JBWbqGlEePBqTocclDMQGcM+WN2SGGH04+tnMMQD3uXUsHmA1l/6HsGjN+NZdZO8j" +
        "swV9OHFdU3/0AlwmejKQstPsYyXq1aslQ2IBQRYsMJPr+9u8pt8cohllhu2HWbHxljIRhOwxDLI1KiOQIBO0xcPQkuNyUVPL/F8J" +
        "qaAk/I4DLJNuMkYlR17BzFT8uhs4qPI8MGZIqCXgVxCutAWEjXM22nNM7B6QD7OIBPGfT4Cn7oWofatuvv3ZQD1Z6W88DYU8DGxg" +
        "ZTGieLA0ijBwvflaY758mm0y7nPtGQVmY43dARdflWIO6bANGBNqtpw+zcLTqoj7eEi+/YVSnIWi+Ph5lUH9L5B7anxLigReH4kt" +
        "Jo6VJG1weNi760J/bYHx+82IisVsPqtkSnX9+n2qAgqN6ffSPLZcyMg4f7XFcgorf7k02nnk9zM+VSojhnz4yFyzbSbG7f7nZ8qI" +
        "9rcUe5ktB2/W07NCaoxSuQUQEiK28g05H9OH1F/OEjfbru30wt5JJf9TjlpDnueqQUB2cO6jKV69WbNHsKJaBM06MActKrjClVcW" +
        "M7dKpsGqD5UfhqLfA14Z/2Xo1ozsYLNeY7CcY02n4RkoJcF+1iBcd99NTKR/LXIIMi3JsLxF0YPoByI75GDacykJPaG5EyiWC0KP" +
        "c9ZyZevKUhoV76CkgFfk7iM=";
}
